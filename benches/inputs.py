"""Inputs of any size for `nat`, one question each: the rows of the table in `docs`.

    python3 benches/inputs.py net --optimizer Sgd --map swap --activation tanh --parameters 100000 > net.nat
    python3 benches/inputs.py newton --size 32 > newton.nat
    python3 benches/inputs.py --help

Only the standard library is needed.
"""

import argparse

DATA = 4


def net(optimizer, map_, activation, parameters, inputs):
    """A net with one hidden layer, `parameters` or a few less in number, and one square along a map of its hidden units."""
    hidden = max(2, parameters // (inputs + 1) // 2 * 2)
    half = hidden // 2
    source = hidden // 2 if map_ == "double" else hidden
    bodies = {
        # The two halves of the hidden units change places.
        "swap": ("reparam Swap : Net({h}) -> Net({h})", f"U = vstack(U[{half}.., :], U[..{half}, :])", f"V = concat(V[{half}..], V[..{half}])"),
        # The weights into the hidden units are scaled, those out of them by the inverse.
        "rescale": ("reparam Rescale(a : R where a > 0) : Net({h}) -> Net({h})", "U = a * U", "V = V / a"),
        # Every other hidden unit changes its sign, on both sides; what is odd does not see it.
        "flip": ("reparam Flip : Net({h}) -> Net({h})", f"U = [i in 0..{hidden}, j in 0..{inputs}: (-1)^i * U[i, j]]", f"V = [i in 0..{hidden}: (-1)^i * V[i]]"),
        # Each hidden unit stands twice, with half its weight out.
        "double": ("embedding Double : Net({s}) -> Net({h})", "U = vstack(U, U)", "V = concat(V / 2, V / 2)"),
    }
    head, first, second = bodies[map_]
    head = head.format(h=hidden, s=source)
    name = head.split("(")[0].split(":")[0].split()[1]
    return f"""use std.optimizers

data X : R[{inputs}, {DATA}]
data Y : R[{DATA}]
architecture Net(h : N) {{
  param U : R[h, {inputs}]
  param V : R[h]
  let hidden = {activation}(U * X)
  output = hidden^T * V
  loss   = sum((output - Y)^2) / 2
}}
{head} {{ {first}  {second} }}
check natural {optimizer} along {name}
"""


def permuted(optimizer):
    """A small net with kinks, along every order of its hidden units."""
    return f"""use std.optimizers

data X : R[3, {DATA}]
data Y : R[{DATA}]
architecture Net {{
  param W : R[4, 3]
  param b : R[4]
  param V : R[4]
  param c : R
  let hidden = relu([i in 0..4, j in 0..{DATA}: sum(k in 0..3: W[i, k] * X[k, j]) + b[i]])
  output = [j in 0..{DATA}: sum(i in 0..4: V[i] * hidden[i, j]) + c]
  loss   = sum((output - Y)^2) / 2
}}
reparam Reorder(P : Perm[4]) : Net -> Net {{ W = P * W  b = P * b  V = P * V  c = c }}
check natural {optimizer} along Reorder
"""


def newton(size):
    """A Newton step along a shear, which bends: the square fails."""
    return f"""use std.optimizers

data slope : R[{size}]
data curvature : Sym[{size}]
data cubic : R[{size}]
architecture Vector {{
  param x : R[{size}]
  loss = dot(slope, x) + dot(x, curvature * x) / 2 + dot(cubic, x^3)
}}
reparam Shear(B : R[{size}, {size}]) : (u : R[{size}]) -> Vector {{
  x = [i in 0..{size}: u[i] + sum(j in 0..i: B[i, j] * u[j]^2)]
}}
check natural NewtonStep along Shear expect fails
"""


def gauge(size):
    """The natural gradient of a linear net along a change of basis of its hidden layer."""
    return f"""use std.optimizers

data X : R[{size}, {2 * size}]
data Y : R[{size}, {2 * size}]
architecture Net {{
  param A : R[{size}, {size}]
  param B : R[{size}, {size}]
  output = B * A * X
  loss   = sum((output - Y)^2) / 2
}}
reparam Gauge(M : GL[{size}]) : Net -> Net {{ A = M * A  B = B * M^-1 }}
check natural NaturalGradient along Gauge expect fails
"""


def orthogonal(size):
    """Gradient flow of a net with three layers along rotations of its hidden layers."""
    return f"""use std.optimizers

data X : R[{size}, {DATA}]
data Y : R[{size}, {DATA}]
architecture Net {{
  param A : R[{size}, {size}]
  param B : R[{size}, {size}]
  param C : R[{size}, {size}]
  output = C * tanh(B * A * X)
  loss   = sum((output - Y)^2) / 2
}}
reparam Rotate(Q : O[{size}]) : Net -> Net {{ A = Q * A  B = B * Q^T  C = C }}
check natural GradientFlow along Rotate
"""


def deep(depth, width):
    """Gradient descent of a deep net along an exchange of two units of each layer."""
    layers = range(depth)
    params = "".join(f"  param W{i} : R[{width}, {width}]\n" for i in layers)
    state, lets = "X", ""
    for i in layers:
        lets += f"  let h{i} = tanh(W{i} * {state})\n"
        state = f"h{i}"
    rows = "vstack({0}[1..2, :], {0}[0..1, :], {0}[2.., :])"
    columns = "hstack({0}[:, 1..2], {0}[:, 0..1], {0}[:, 2..])"
    rules = f"  W0 = {rows.format('W0')}\n"
    for i in layers:
        if i > 0:
            rules += f"  W{i} = {columns.format('(' + rows.format(f'W{i}') + ')')}\n"
    return f"""use std.optimizers

data X : R[{width}, {DATA}]
data Y : R[{DATA}]
architecture Net {{
{params}  param v : R[{width}]
{lets}  output = {state}^T * v
  loss   = sum((output - Y)^2) / 2
}}
reparam Swap : Net -> Net {{
{rules}  v = concat(v[1..2], v[0..1], v[2..])
}}
check natural Sgd along Swap
"""


def tower(size):
    """Gradient flow along a tower of models, each with one parameter more than the one before it."""
    return f"""data b : N -> R
architecture Series(n : N) {{
  param c : R[n]
  loss = sum(i in 0..n: (c[i] - b(i))^2) / 2
}}
projection Forget(n : N) : Series(n + 1) -> Series(n) {{ c = c[0..n] }}
system Spectrum = Forget over n in 1..={size - 1}
optimizer GradientFlow {{ flow {{ d/dt params = -grad(loss) }} }}
check natural GradientFlow along Spectrum
"""


def checks(size):
    """Many checks of one small model."""
    return """use std.optimizers

data x, y : R
architecture Line {
  param a, b : R
  loss = (a * x + b - y)^2 / 2
}
reparam Other(k : N) : (u, v : R) -> Line { a = (k + 2) * u  b = v }
""" + "".join(f"check natural Sgd along Other({k}) expect fails\n" for k in range(size))


def errors(size):
    """A file in which every line is wrong in a way of its own."""
    kinds = [
        "check natural Missing{i} along Same",
        "check natural GradientFlow along Missing{i}",
        "architecture Net{i} {{ param w : R[2]  loss = sum(w) + absent{i} }}",
        "data x{i} : R[missing{i}]",
        "reparam Map{i} : Nowhere{i} -> Line {{ a = 1 }}",
    ]
    head = """optimizer GradientFlow { flow { d/dt params = -grad(loss) } }
architecture Line { param a : R  loss = a^2 }
reparam Same : Line -> Line { a = a }
"""
    return head + "".join(kinds[i % len(kinds)].format(i=i) + "\n" for i in range(size))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = parser.add_subparsers(dest="kind", required=True)
    one = kinds.add_parser("net", help=net.__doc__)
    one.add_argument("--optimizer", default="Sgd", help="as a check writes it, `Adam(eps = 0)`")
    one.add_argument("--map", dest="map_", default="swap", choices=["swap", "rescale", "flip", "double"])
    one.add_argument("--activation", default="tanh", choices=["tanh", "relu"])
    one.add_argument("--parameters", type=int, default=1000)
    one.add_argument("--inputs", type=int, default=9)
    one = kinds.add_parser("permuted", help=permuted.__doc__)
    one.add_argument("--optimizer", default="Sgd")
    for make in (newton, gauge, orthogonal, tower, checks, errors):
        one = kinds.add_parser(make.__name__, help=make.__doc__)
        one.add_argument("--size", type=int, default=8)
    one = kinds.add_parser("deep", help=deep.__doc__)
    one.add_argument("--depth", type=int, default=64)
    one.add_argument("--width", type=int, default=4)
    return vars(parser.parse_args())


if __name__ == "__main__":
    options = arguments()
    print(globals()[options.pop("kind")](**options), end="")
