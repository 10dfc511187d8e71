"""The compiler: one stage a file, IR in, IR out."""
