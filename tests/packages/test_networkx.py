"""Gradients through the algorithms of `networkx`, with respect to the weights of edges."""

# ruff: noqa: E402 - what follows needs the package

from __future__ import annotations

import pytest

pytest.importorskip("networkx")

import networkx as nx
from networkx.algorithms.link_analysis.pagerank_alg import _pagerank_python

from dpy import check_gradient


def web(a, b, directed=True):
    graph = nx.DiGraph() if directed else nx.Graph()
    graph.add_edge("x", "y", weight=a)
    graph.add_edge("x", "z", weight=1.0)
    graph.add_edge("y", "z", weight=b)
    graph.add_edge("z", "x", weight=1.0)
    graph.add_weighted_edges_from([("z", "u", a * b), ("u", "x", 2.0)])
    return graph


def pagerank_python(a, b):
    return _pagerank_python(web(a, b), tol=1e-12, max_iter=500)["z"]


def pagerank(a, b):
    return nx.pagerank(web(a, b), tol=1e-12, max_iter=500)["z"]


def pagerank_alpha(alpha):
    return _pagerank_python(web(1.0, 2.0), alpha=alpha, tol=1e-12, max_iter=500)["z"]


def shortest(a, b):
    return nx.dijkstra_path_length(web(a, b), "x", "u") + nx.shortest_path_length(
        web(a, b), "y", "x", weight="weight", method="bellman-ford"
    )


def all_pairs(a, b):
    lengths = dict(nx.floyd_warshall(web(a, b)))
    return sum(sum(row.values()) for row in lengths.values())


def spanning_tree(a, b):
    return nx.minimum_spanning_tree(web(a, b, directed=False)).size(weight="weight")


def flow(a, b):
    return nx.maximum_flow_value(web(a, b), "x", "u", capacity="weight")


def centrality(a, b):
    graph = web(a, b, directed=False)
    return nx.closeness_centrality(graph, distance="weight")["x"]


def katz(a, b):
    return nx.katz_centrality(web(a, b), alpha=0.1, weight="weight", tol=1e-12, max_iter=500)["z"]


def eigenvector(a, b):
    return nx.eigenvector_centrality(web(a, b), weight="weight", tol=1e-13, max_iter=2000)["z"]


def degrees(a, b):
    graph = web(a, b)
    return sum(d * d for _, d in graph.degree(weight="weight")) + graph["x"]["y"]["weight"]


def clustering(a, b):
    return nx.average_clustering(web(a, b, directed=False), weight="weight")


def matrix(a, b):
    return (nx.to_numpy_array(web(a, b)) ** 2).sum()


def attributes(a, b):
    graph = web(a, b)
    nx.set_node_attributes(graph, {"x": a, "y": b}, "height")
    return sum(graph.nodes[n].get("height", 0.0) ** 2 for n in graph)


@pytest.mark.parametrize(
    "program",
    [
        pagerank_python,
        shortest,
        all_pairs,
        spanning_tree,
        flow,
        centrality,
        katz,
        eigenvector,
        degrees,
        clustering,
        matrix,
        attributes,
    ],
)
def test_weights(program):
    check_gradient(program, 1.3, 0.6)


def test_alpha():
    check_gradient(pagerank_alpha, 0.85)
