"""Times `nat` beside its peers on the same questions, one after the other, and prints a table.

    cargo build --release
    python3 benches/compare.py target/release/nat

The peers are SymPy, python-flint, PARI and JAX. They are installed into a scratch environment that is gone afterwards, or
into the folder given with `--environment`, which is used again by the next run. A question is asked of each program in a process of its own: user time and wall time of the whole process, and the most
memory that it held. What a peer does is named in the table: no peer proves what `nat` proves, and a peer that is not
installed is left out. `--quick` leaves out the sizes that take minutes; `--limit` is the time after which a program is
stopped.
"""

import argparse
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent

# SGD along a swap of hidden units: both sides of the square at 32 random points, in double precision.
JAX = """
import jax, jax.numpy as jnp
jax.config.update("jax_enable_x64", True)
inputs, hidden, half = {inputs}, {hidden}, {hidden} // 2
def loss(p, X, Y):
    U, V = p
    r = V @ {activation}(U @ X) - Y
    return (r * r).sum() / 2
def step(p, lr, X, Y):
    return jax.tree.map(lambda w, d: w - lr * d, p, jax.grad(loss)(p, X, Y))
swap = lambda p: (jnp.roll(p[0], -half, 0), jnp.roll(p[1], -half))
def defect(key):
    a, b, c, d = jax.random.split(key, 4)
    p = (jax.random.normal(a, (hidden, inputs)), jax.random.normal(b, (hidden,)))
    X, Y = jax.random.normal(c, (inputs, 4)), jax.random.normal(d, (4,))
    l, r = swap(step(p, 0.1, X, Y)), step(swap(p), 0.1, X, Y)
    return jnp.stack([jnp.abs(x - y).max() for x, y in zip(l, r)]).max()
defect = jax.jit(defect)
print(max(float(defect(jax.random.key(i))) for i in range(32)))
"""

# The same square as polynomials, expanded: linear units, as the peers know no relations of tanh.
SYMPY = """
import sympy as s
inputs, hidden, half = {inputs}, {hidden}, {hidden} // 2
U = s.Matrix(hidden, inputs, lambda i, j: s.Symbol(f"u{{i}}_{{j}}"))
V = s.Matrix(1, hidden, lambda i, j: s.Symbol(f"v{{j}}"))
X = s.Matrix(inputs, 4, lambda i, j: s.Symbol(f"x{{i}}_{{j}}"))
Y = s.Matrix(1, 4, lambda i, j: s.Symbol(f"y{{j}}"))
lr = s.Symbol("lr")
def loss(U, V):
    r = V * (U * X) - Y
    return (r * r.T)[0] / 2
def swap(M, rows):
    return M[half:, :].col_join(M[:half, :]) if rows else M[:, half:].row_join(M[:, :half])
names = list(U) + list(V)
gradient = [s.diff(loss(U, V), n) for n in names]
n = hidden * inputs
dU, dV = s.Matrix(hidden, inputs, gradient[:n]), s.Matrix(1, hidden, gradient[n:])
left = list(swap(U - lr * dU, True)) + list(swap(V - lr * dV, False))
at = dict(zip(names, list(swap(U, True)) + list(swap(V, False))))
right = [x - lr * g.xreplace(at) for x, g in zip(at.values(), gradient)]
assert all(s.expand(l - r) == 0 for l, r in zip(left, right))
"""

FLINT = """
import flint
inputs, hidden, half = {inputs}, {hidden}, {hidden} // 2
count = hidden * inputs + hidden + inputs * 4 + 4 + 1
ring = flint.fmpq_mpoly_ctx.get([f"t{{i}}" for i in range(count)], "degrevlex")
free = list(ring.gens())
take = lambda n: [free.pop() for _ in range(n)]
U = [take(inputs) for _ in range(hidden)]
V, X, Y = take(hidden), [take(4) for _ in range(inputs)], take(4)
lr = free.pop()
def step(U, V):
    H = [[sum(U[i][k] * X[k][j] for k in range(inputs)) for j in range(4)] for i in range(hidden)]
    r = [sum(V[i] * H[i][j] for i in range(hidden)) - Y[j] for j in range(4)]
    newU = [[U[i][k] - lr * V[i] * sum(r[j] * X[k][j] for j in range(4)) for k in range(inputs)] for i in range(hidden)]
    return newU, [V[i] - lr * sum(r[j] * H[i][j] for j in range(4)) for i in range(hidden)]
swap = lambda U, V: (U[half:] + U[:half], V[half:] + V[:half])
assert swap(*step(U, V)) == step(*swap(U, V))
"""


PARI = """
from cypari import pari
pari.allocatemem(1 << 30)
pari("h={hidden}; n={inputs}; half={hidden}\\\\2; lr='lr; v(s,i,j)=eval(Str(s,i,\\"_\\",j))")
pari('U=matrix(h,n,i,j,v("u",i,j)); V=vector(h,j,v("w",0,j)); X=matrix(n,4,i,j,v("x",i,j)); Y=vector(4,j,v("y",0,j))')
pari("step(p)={{my(U=p[1],V=p[2],R=V*(U*X)-Y);[U-lr*(V~*R)*X~,V-lr*R*(U*X)~]}}")
pari("swap(p)={{my(s=vector(h,i,(i+half-1)%h+1));[matrix(h,n,i,j,p[1][s[i],j]),vector(h,j,p[2][s[j]])]}}")
assert pari("swap(step([U,V]))==step(swap([U,V]))") == 1
"""

# What each peer runs.
PROGRAMS = {"jax": "JAX", "sympy": "SYMPY", "flint": "FLINT", "cypari": "PARI"}

# What each peer is installed as.
PEERS = {"jax": "jax[cpu]", "sympy": "sympy", "flint": "python-flint", "cypari": "cypari"}


def environment(folder):
    """The Python of an environment with those of the peers that can be installed, and their names."""
    python = Path(folder) / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    installed = set()
    for name, package in PEERS.items():
        known = [str(python), "-c", f"import {name}"]
        if subprocess.run(known, capture_output=True).returncode != 0:
            subprocess.run([str(python), "-m", "pip", "install", "--quiet", package], capture_output=True)
        if subprocess.run(known, capture_output=True).returncode == 0:
            installed.add(name)
    return str(python), installed


def run(command, limit):
    """Seconds of wall and user time and megabytes of a process; None for the times if it was stopped."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        output, _ = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return None, None, None, "stopped"
    wall = time.perf_counter() - start
    user = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before.ru_utime
    return wall, user, output, "" if process.returncode == 0 else f"exit {process.returncode}"


def measured(command, limit):
    """As `run`, through a process that reports the peak memory of its only child."""
    inner = (
        "import resource, subprocess, sys\n"
        "code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL if sys.argv[1].endswith('python') else None)\n"
        "print('peak', resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)\n"
        "sys.exit(code)\n"
    )
    wall, user, output, note = run([sys.executable, "-c", inner, *command], limit)
    peak = output.rsplit("peak ", 1)[1].strip() if output and "peak " in output else None
    return wall, user, peak, output, note


def verdict(output):
    """Verdict and evidence from the JSON of one check."""
    import json

    try:
        report = json.loads(output.rsplit("peak ", 1)[0])
        if report["checks"]:
            return f"`{report['checks'][0]['verdict']}`, {report['checks'][0]['evidence']}"
        return "errors" if report["errors"] else "no answer"
    except (ValueError, LookupError):
        return "no answer"


def cell(value, unit=""):
    return "–" if value is None else f"{value:.2f}{unit}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("nat", help="the program, as built for release")
    parser.add_argument("--limit", type=float, default=60.0, help="seconds that a program may take")
    parser.add_argument("--quick", action="store_true", help="small sizes alone")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--only", default="", help="only questions with this in their text, such as `100,000`")
    parser.add_argument("--environment", help="where the peers are installed, and are found again")
    options = parser.parse_args()
    print(f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}\n")
    print("| question | program | wall s | user s | MB | answer |")
    print("| --- | --- | ---: | ---: | ---: | --- |")

    def row(question, program, command):
        wall, user, peak, output, note = measured(command, options.limit)
        answer = verdict(output) if program == "nat" and output else ("agrees" if not note else "")
        if note and not (program == "nat" and note in ("exit 1", "exit 2")):
            answer = f"{note} after {options.limit:.0f} s" if note == "stopped" else note
        print(f"| {question} | {program} | {cell(wall)} | {cell(user)} | {peak or '–'} | {answer} |", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "question.nat"
        python, installed = sys.executable, set()
        if not options.no_peers:
            python, installed = environment(options.environment or Path(folder) / "peers")

        def ask(question, *words):
            if options.only not in question:
                return
            text = subprocess.run([sys.executable, str(HERE / "inputs.py"), *words], capture_output=True, text=True, check=True)
            path.write_text(text.stdout)
            row(question, "nat", [options.nat, "check", "--format", "json", str(path)])

        def peer(name, question, program, **sizes):
            if name in installed and options.only in question:
                row(question, program, [python, "-c", globals()[PROGRAMS[name]].format(**sizes)])

        small = [(10, 1), (40, 3)]
        for parameters, inputs in small:
            hidden = max(2, parameters // (inputs + 1) // 2 * 2)
            question = f"Sgd, swap, {hidden * (inputs + 1)} parameters"
            ask(question, "net", "--parameters", str(parameters), "--inputs", str(inputs))
            sizes = dict(inputs=inputs, hidden=hidden)
            peer("sympy", question, "SymPy, linear units, expanded", **sizes)
            peer("flint", question, "python-flint, linear units", **sizes)
            peer("cypari", question, "PARI, linear units", **sizes)
        for parameters in [1000, 8000] if options.quick else [1000, 10_000, 100_000, 1_000_000]:
            for optimizer in ("Sgd", "SignSgd", "Adam(eps = 0)"):
                ask(f"{optimizer}, swap, tanh, {parameters:,} parameters", "net", "--optimizer", optimizer, "--parameters", str(parameters))
            hidden = parameters // 10 // 2 * 2
            sizes = dict(inputs=9, hidden=hidden, activation="jnp.tanh")
            peer("jax", f"Sgd, swap, tanh, {parameters:,} parameters", "JAX, 32 points in double precision", **sizes)
        ask("Adam(eps = 0), swap, relu, 2,000 parameters", "net", "--optimizer", "Adam(eps = 0)", "--activation", "relu", "--parameters", "2000")
        for optimizer in ("Sgd", "SignSgd", "Adam(eps = 0)"):
            for map_, activation in (("rescale", "relu"), ("flip", "tanh"), ("double", "relu")):
                if (optimizer, map_) == ("Adam(eps = 0)", "double"):
                    # Its states are carried by invertible maps alone.
                    continue
                for parameters in [1000] if options.quick else [1000, 100_000]:
                    ask(f"{optimizer}, {map_}, {activation}, {parameters:,} parameters", "net", "--optimizer", optimizer, "--map", map_, "--activation", activation, "--parameters", str(parameters))
        ask("Sgd, every permutation, relu, 3→4→1", "permuted")
        for size in (16, 32):
            ask(f"NewtonStep, shear, n = {size}", "newton", "--size", str(size))
        ask("NaturalGradient, GL(4) gauge of a linear net", "gauge", "--size", "4")
        for size in (8, 16):
            ask(f"GradientFlow, O({size}) in three layers", "orthogonal", "--size", str(size))
        for size in [100] if options.quick else [100, 1000]:
            ask(f"GradientFlow, a tower of {size:,} models", "tower", "--size", str(size))
        for depth in (16, 64):
            ask(f"Sgd, swap in each layer, depth {depth}, width 4", "deep", "--depth", str(depth))
        for size in [1000] if options.quick else [1000, 20_000]:
            ask(f"{size:,} checks of a small model", "checks", "--size", str(size))
            ask(f"{size:,} wrong lines", "errors", "--size", str(size))


if __name__ == "__main__":
    main()
