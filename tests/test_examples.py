"""The examples: the figures that they must reach, from sources other than dpy."""

from __future__ import annotations

import colorsys
import math
from statistics import NormalDist

import numpy as np
import pytest
from geographiclib.geodesic import Geodesic

import dpy
from examples import colours, geodesic, gg_struct, heat, matrix_fit, taylor_sine
from examples import digits as digits_example
from examples import main as run_all
from examples.colours import RGB, SRGB, SRGB_7_DIGITS, Lab, colordiff, lab_difference
from examples.gg_struct import GG
from examples.support import central_difference

# CIEDE2000 test data: Sharma, Wu and Dalal (2005), table 1.
SHARMA = """
50.0000   2.6772 -79.7751  50.0000   0.0000 -82.7485   2.0425
50.0000   3.1571 -77.2803  50.0000   0.0000 -82.7485   2.8615
50.0000   2.8361 -74.0200  50.0000   0.0000 -82.7485   3.4412
50.0000  -1.3802 -84.2814  50.0000   0.0000 -82.7485   1.0000
50.0000  -1.1848 -84.8006  50.0000   0.0000 -82.7485   1.0000
50.0000  -0.9009 -85.5211  50.0000   0.0000 -82.7485   1.0000
50.0000   0.0000   0.0000  50.0000  -1.0000   2.0000   2.3669
50.0000  -1.0000   2.0000  50.0000   0.0000   0.0000   2.3669
50.0000   2.4900  -0.0010  50.0000  -2.4900   0.0009   7.1792
50.0000   2.4900  -0.0010  50.0000  -2.4900   0.0010   7.1792
50.0000   2.4900  -0.0010  50.0000  -2.4900   0.0011   7.2195
50.0000   2.4900  -0.0010  50.0000  -2.4900   0.0012   7.2195
50.0000  -0.0010   2.4900  50.0000   0.0009  -2.4900   4.8045
50.0000  -0.0010   2.4900  50.0000   0.0010  -2.4900   4.8045
50.0000  -0.0010   2.4900  50.0000   0.0011  -2.4900   4.7461
50.0000   2.5000   0.0000  50.0000   0.0000  -2.5000   4.3065
50.0000   2.5000   0.0000  73.0000  25.0000 -18.0000  27.1492
50.0000   2.5000   0.0000  61.0000  -5.0000  29.0000  22.8977
50.0000   2.5000   0.0000  56.0000 -27.0000  -3.0000  31.9030
50.0000   2.5000   0.0000  58.0000  24.0000  15.0000  19.4535
50.0000   2.5000   0.0000  50.0000   3.1736   0.5854   1.0000
50.0000   2.5000   0.0000  50.0000   3.2972   0.0000   1.0000
50.0000   2.5000   0.0000  50.0000   1.8634   0.5757   1.0000
50.0000   2.5000   0.0000  50.0000   3.2592   0.3350   1.0000
60.2574 -34.0099  36.2677  60.4626 -34.1751  39.4387   1.2644
63.0109 -31.0961  -5.8663  62.8187 -29.7946  -4.0864   1.2630
61.2901   3.7196  -5.3901  61.4292   2.2480  -4.9620   1.8731
35.0831 -44.1164   3.7933  35.0232 -40.0716   1.5901   1.8645
22.7233  20.0904 -46.6940  23.0331  14.9730 -42.5619   2.0373
36.4612  47.8580  18.3852  36.2715  50.5065  21.2231   1.4146
90.8027  -2.0831   1.4410  91.1528  -1.6435   0.0447   1.4441
90.9257  -0.5406  -0.9208  88.6381  -0.8985  -0.7239   1.5381
 6.7747  -0.2908  -2.4247   5.8714  -0.0985  -2.2286   0.6377
 2.0776   0.0795  -1.1350   0.9033  -0.0636  -0.5514   0.9082
"""
PAIRS = [[float(number) for number in line.split()] for line in SHARMA.strip().splitlines()]

# Steps of the colour loop: colour and difference, computed with 70 digits (matrix of 7 digits).
TRAJECTORY = {
    1: (1.080515822, 0.826289055, 1.058760754, 45.64642709),
    6: (1.116357678, 0.809623454, 0.864517470, 37.36899460),
    11: (1.129419301, 0.746011967, 0.690045874, 30.00508963),
    16: (1.111438978, 0.633935191, 0.563304607, 24.19591037),
    21: (1.067257839, 0.520179446, 0.438226047, 18.05519378),
    26: (1.004339554, 0.404944441, 0.312558656, 11.43260279),
    31: (0.949204886, 0.293814495, 0.191062859, 5.48826983),
    36: (0.958201157, 0.207122636, 0.107071476, 2.57050120),
    41: (0.978795037, 0.143211829, 0.060487579, 1.26758076),
    46: (0.988861044, 0.096807201, 0.030629976, 0.65311151),
    51: (0.974188584, 0.058187507, 0.014763748, 1.12673741),
}


def fields(colour: RGB) -> list[float]:
    return [colour.r, colour.g, colour.b]


# --- colours ----------------------------------------------------------------------------------


def test_all_34_sharma_pairs_in_both_orders() -> None:
    assert len(PAIRS) == 34
    for l_1, a_1, b_1, l_2, a_2, b_2, expected in PAIRS:
        one, two = Lab(l_1, a_1, b_1), Lab(l_2, a_2, b_2)
        assert lab_difference(one, two) == pytest.approx(expected, abs=5e-5)
        assert lab_difference(two, one) == pytest.approx(expected, abs=5e-5)


@pytest.mark.parametrize(
    ("matrix", "value", "d_one", "d_two"),
    [
        (
            SRGB,
            86.608254464597006,
            (0.4590881973872592, -9.59878453233965, 14.18138418008209),
            (-1.769755972108309, 28.88472640888314, -0.0447944358115936),
        ),
        (
            SRGB_7_DIGITS,
            86.608237453537323,
            (0.4590851507318551, -9.598786396483111, 14.1813835724907),
            (-1.769755025577638, 28.88472346320345, -0.0447939590388188),
        ),
    ],
)
def test_red_against_green(matrix, value, d_one, d_two) -> None:
    red, green = RGB(1.0, 0.0, 0.0), RGB(0.0, 1.0, 0.0)

    def f(one: RGB, two: RGB) -> float:
        return colordiff(one, two, matrix)

    y, (d_red, d_green) = dpy.value_and_gradient(f, red, green)
    assert y == pytest.approx(value, rel=1e-13)
    assert isinstance(d_red, RGB)
    assert fields(d_red) == pytest.approx(d_one, rel=1e-9)
    assert fields(d_green) == pytest.approx(d_two, rel=1e-9)


def test_integer_channels_count_as_real_numbers() -> None:
    (d,) = dpy.gradient(lambda c: colordiff(c, RGB(0, 1, 0)), RGB(1, 0, 0))
    assert all(type(channel) is float for channel in fields(d))
    assert fields(d) == pytest.approx(
        (0.4590881973872592, -9.59878453233965, 14.18138418008209), rel=1e-9
    )


def test_first_step_from_white() -> None:
    (d,) = dpy.gradient(lambda y: colordiff(RGB(1, 0, 0), y, SRGB_7_DIGITS), RGB(1, 1, 1))
    assert fields(d) == pytest.approx((-80.5158222435, 173.7109446150, -58.7607542681), rel=1e-9)


def test_the_way_from_white_to_red(tmp_path, capsys) -> None:
    result = colours.main(out=tmp_path)
    assert result.differences[0] == pytest.approx(45.8105243881, abs=1e-9)
    for step, (*expected, difference) in TRAJECTORY.items():
        assert fields(result.colours[step]) == pytest.approx(expected, abs=1e-8)
        assert result.differences[step] == pytest.approx(difference, abs=1e-7)
    falls = np.diff(result.differences) < 0
    assert falls[:50].all()
    assert not falls[50]  # the first rise: a fixed step oscillates around the tip of a cone
    assert max(c.r for c in result.colours) > 1.12  # nothing clamps
    assert len(capsys.readouterr().out.splitlines()) == 11
    assert result.picture is None or result.picture.stat().st_size > 1000


def test_plain_descent_never_settles() -> None:
    result = colours.descend(RGB(1, 0, 0), RGB(1, 1, 1), 600, show=False)
    assert min(result.differences) == pytest.approx(0.001198, abs=1e-6)
    assert int(np.argmin(result.differences)) == 129
    assert max(result.differences[500:]) > 1


def test_white_without_any_chroma_has_a_finite_gradient() -> None:
    white = colours.rgb_to_lab(RGB(1, 1, 1), SRGB)
    assert (white.l, white.a, white.b) == (100, 0, 0)
    result = colours.descend(RGB(1, 0, 0), RGB(1, 1, 1), 51, matrix=SRGB, show=False)
    assert np.isfinite([fields(c) for c in result.colours]).all()
    assert np.isfinite(result.differences).all()


def test_almost_white_with_the_long_matrix() -> None:
    result = colours.descend(RGB(1, 0, 0), RGB(0.999, 1, 1), 51, matrix=SRGB, show=False)
    assert fields(result.colours[51]) == pytest.approx((0.975004, 0.057651, 0.014511), abs=1e-6)
    assert result.differences[51] == pytest.approx(1.08691, abs=1e-5)


# --- a struct with its own arithmetic ---------------------------------------------------------


def random_gg(seed: int) -> GG:
    random = np.random.default_rng(seed)
    return GG(random.random((3, 3)) + 0.5, random.random((3, 3)) + 0.5)


def test_gg_reflected_operators_keep_the_order() -> None:
    x = random_gg(0)
    np.testing.assert_array_equal((2 - x).a, 2 - x.a)
    np.testing.assert_array_equal((2 / x).b, 2 / x.b)
    np.testing.assert_array_equal((np.float64(2) - x).a, 2 - x.a)
    assert (len(x), x.shape) == (1, (3, 3))


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (lambda x: gg_struct.total(x), lambda v: np.ones_like(v)),
        (lambda x: gg_struct.mean(x), lambda v: np.full_like(v, 1 / 9)),
        (lambda x: gg_struct.total(2 * x), lambda v: np.full_like(v, 2.0)),
        (lambda x: gg_struct.total(2 - x), lambda v: np.full_like(v, -1.0)),
        (lambda x: gg_struct.total(3 / x), lambda v: -3 / v**2),
        (lambda x: gg_struct.total(x / 4), lambda v: np.full_like(v, 0.25)),
        (lambda x: gg_struct.total(x * x), lambda v: 2 * v),
        (lambda x: gg_struct.total((x + 1) ** 3), lambda v: 3 * (v + 1) ** 2),
    ],
)
def test_gg_gradients(f, expected) -> None:
    x = random_gg(1)
    (d,) = dpy.gradient(f, x)
    assert type(d) is GG
    np.testing.assert_allclose(d.a, expected(x.a), rtol=1e-14)
    np.testing.assert_allclose(d.b, expected(x.b), rtol=1e-14)


def test_gg_made_from_one_array_adds_up_both_fields() -> None:
    x = random_gg(2).a

    def product(x: np.ndarray) -> float:
        both = GG(x)
        return np.sum(both.a * both.b)

    (d,) = dpy.gradient(product, x)
    np.testing.assert_allclose(d, 2 * x, rtol=1e-15)


def test_gg_loss() -> None:
    x, goal = random_gg(3), random_gg(4)
    (d,) = dpy.gradient(gg_struct.loss_against(goal), x)
    np.testing.assert_allclose(d.a, 2 * (x.a - goal.a) / 9, rtol=1e-14)
    np.testing.assert_allclose(d.b, 2 * (x.b - goal.b) / 9, rtol=1e-14)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_gg_fit_converges_within_1000_steps(seed) -> None:
    result = gg_struct.fit(1_000, seed, show=False)
    assert 500 <= result.close_at <= 650
    np.testing.assert_allclose(result.x.a, result.goal.a, rtol=0, atol=1e-12)
    np.testing.assert_allclose(result.x.b, result.goal.b, rtol=0, atol=1e-12)


# --- a matrix ---------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_matrix_fit_converges_within_5000_steps(seed) -> None:
    result = matrix_fit.fit(5_000, seed, show=False)
    assert 2_500 <= result.close_at <= 4_000
    assert result.errors[5_000] < 1e-10


def test_implicit_and_explicit_gradient_of_the_matrix_agree() -> None:
    random = np.random.default_rng(5)
    z, goal, x = random.random((3, 3)), random.random((3, 3)), random.random(3)
    implicit = dpy.gradient(lambda: matrix_fit.mse(z @ x, goal @ x), dpy.Params([z]))[z]
    (explicit,) = dpy.gradient(lambda z: matrix_fit.mse(z @ x, goal @ x), z)
    np.testing.assert_array_equal(implicit, explicit)
    np.testing.assert_allclose(explicit, np.outer(2 * (z - goal) @ x / 3, x), rtol=1e-13)


# --- packages that nobody prepared ------------------------------------------------------------

PLACES = [
    (52.52, 13.405, 40.7128, -74.006),  # far
    (48.85, 2.35, 48.86, 2.36),  # a kilometre
    (-33.87, 151.21, 51.51, -0.13),  # to the other hemisphere, over the date line
    (10.0, 20.0, 35.0, 20.0),  # along a meridian, almost: see below
    (-77.85, 166.67, 82.5, -62.3),  # from pole to pole, nearly
]


def by_azimuths(lat_1: float, lon_1: float, lat_2: float, lon_2: float) -> list[float]:
    """The gradient in closed form: an end that moves along its azimuth changes the way by that."""
    earth = Geodesic.WGS84
    found = earth.Inverse(lat_1, lon_1, lat_2, lon_2)
    e_2 = earth.f * (2 - earth.f)
    gradient = []
    for lat, azimuth, sign in ((lat_1, found["azi1"], -1), (lat_2, found["azi2"], 1)):
        root = 1 - e_2 * math.sin(math.radians(lat)) ** 2
        meridian_radius = earth.a * (1 - e_2) / root**1.5
        parallel_radius = earth.a / math.sqrt(root) * math.cos(math.radians(lat))
        gradient.append(sign * math.cos(math.radians(azimuth)) * math.radians(meridian_radius))
        gradient.append(sign * math.sin(math.radians(azimuth)) * math.radians(parallel_radius))
    return gradient


@pytest.mark.parametrize("places", PLACES)
def test_geodesic_gradient(places) -> None:
    lat_1, lon_1, lat_2, lon_2 = places
    places = (lat_1, lon_1 + 1e-3, lat_2, lon_2)  # exactly on a meridian another branch runs
    exact = dpy.gradient(geodesic.distance, *places)
    numerical = central_difference(geodesic.distance, *places, step=2e-4)
    assert exact == pytest.approx(numerical, abs=1e-3)  # of 111,000 metres a degree
    assert exact == pytest.approx(by_azimuths(*places), abs=1e-4)


def test_colorsys_gradient() -> None:
    random = np.random.default_rng(6)
    for r, g, b in random.random((20, 3)).tolist():
        if min(abs(r - g), abs(g - b), abs(b - r)) < 0.02 or abs(max(r, g, b) - 0.5) < 0.02:
            continue  # too near to a kink for numerical differences
        exact = dpy.gradient(geodesic.hue_lightness_saturation, r, g, b)
        numerical = central_difference(geodesic.hue_lightness_saturation, r, g, b)
        assert exact == pytest.approx(numerical, rel=1e-6, abs=1e-7), (r, g, b)
    assert colorsys.rgb_to_hls(0.2, 0.4, 0.3)[1] == pytest.approx(0.3)


def test_normal_distribution_gradients_in_closed_form() -> None:
    mu, sigma, x = 1.5, 0.8, 2.1
    density = NormalDist(mu, sigma).pdf(x)
    z = (x - mu) / sigma
    d_pdf = dpy.gradient(lambda mu, sigma, x: NormalDist(mu, sigma).pdf(x), mu, sigma, x)
    expected = (density * z / sigma, density * (z * z - 1) / sigma, -density * z / sigma)
    assert d_pdf == pytest.approx(expected, rel=1e-13)
    d_cdf = dpy.gradient(lambda mu, sigma, x: NormalDist(mu, sigma).cdf(x), mu, sigma, x)
    assert d_cdf == pytest.approx((-density, -density * z, density), rel=1e-13)


def test_meeting_point(tmp_path) -> None:
    result = geodesic.main(show=False, out=tmp_path)
    assert result.errors["geographiclib"] < 1e-7
    assert result.errors["colorsys"] < 1e-8
    assert result.errors["statistics"] < 1e-8
    assert (result.best.lat, result.best.lon) == pytest.approx((49.7827589, 9.3824218), abs=1e-5)
    best = result.totals[-1]
    assert best == pytest.approx(6810.884079, abs=1e-5)
    for d_lat, d_lon in ((0.1, 0), (-0.1, 0), (0, 0.1), (0, -0.1)):
        near = geodesic.Point(result.best.lat + d_lat, result.best.lon + d_lon)
        assert geodesic.total_distance(near) > best


# --- the rest ---------------------------------------------------------------------------------


def test_taylor_sine_prints_each_line_once(capsys) -> None:
    result = taylor_sine.main(show=False)
    assert capsys.readouterr().out.split() == [f"i={i}" for i in (1, 3, 5, 7, 9, 11)]
    assert result.value == taylor_sine.sine(1.0)
    assert result.derivative == pytest.approx(0.5403023037918872, rel=0, abs=2e-16)


def test_heat_gradient_against_the_complex_step() -> None:
    random = np.random.default_rng(7)
    start, measured = random.random(20), random.random(20)
    d_k, d_start, d_measured, d_steps = dpy.gradient(heat.misfit, 0.2, start, measured, 15)

    def misfit(k: complex, start: np.ndarray) -> complex:
        u = start.astype(complex)
        for _ in range(15):
            u[1:-1] += k * (u[2:] - 2 * u[1:-1] + u[:-2])
        return np.mean((u - measured) ** 2)

    assert d_k == pytest.approx(misfit(0.2 + 1e-30j, start).imag / 1e-30, rel=1e-12)
    expected = [misfit(0.2, start + 1e-30j * row).imag / 1e-30 for row in np.eye(20)]
    np.testing.assert_allclose(d_start, expected, rtol=1e-11, atol=1e-15)
    end = heat.simulate(0.2, start, 15)
    np.testing.assert_allclose(d_measured, 2 * (measured - end) / 20, rtol=1e-12)
    assert d_steps == 0.0


@pytest.mark.parametrize("seed", [0, 1])
def test_heat_recovers_the_conductivity(seed) -> None:
    result = heat.recover(seed=seed, show=False)
    assert result.conductivities[-1] == pytest.approx(result.truth, abs=0.003)
    exact = heat.recover(noise=0.0, seed=seed, show=False)
    assert exact.conductivities[-1] == pytest.approx(exact.truth, abs=1e-9)


def test_digits_gradient_against_the_adjoint_by_hand() -> None:
    random = np.random.default_rng(8)
    network = digits_example.Network.random(16, random)
    x, labels = random.random((32, 64)), random.integers(0, 10, 32)
    (d,) = dpy.gradient(lambda n: digits_example.loss(n, x, labels), network)
    before = x @ network.w_1 + network.b_1
    hidden = np.maximum(before, 0)
    scores = np.exp(hidden @ network.w_2 + network.b_2)
    d_scores = scores / scores.sum(axis=1, keepdims=True)
    d_scores[np.arange(32), labels] -= 1
    d_scores /= 32
    d_before = (d_scores @ network.w_2.T) * (before > 0)
    np.testing.assert_allclose(d.w_2, hidden.T @ d_scores, rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(d.b_2, d_scores.sum(axis=0), rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(d.w_1, x.T @ d_before, rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(d.b_1, d_before.sum(axis=0), rtol=1e-10, atol=1e-14)


def test_digits_reads_95_percent(tmp_path) -> None:
    result = digits_example.main(quick=True, show=False, out=tmp_path)
    assert result.accuracies[-1] >= 0.95
    assert np.mean(result.losses[-30:]) < 0.2 < result.losses[0]
    assert result.picture is None or result.picture.stat().st_size > 1000


def test_examples_run_by_name(tmp_path, capsys) -> None:
    seconds = run_all.main(["--quick", "--out", str(tmp_path), "taylor_sine", "heat"])
    assert list(seconds) == ["taylor_sine", "heat"]
    assert "== heat" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        run_all.main(["no_such_example"])
