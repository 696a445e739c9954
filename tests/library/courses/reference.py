#!/usr/bin/env python3
"""Writes reference.txt: courses of the reference implementations on one small network, in double precision.

Needs PyTorch, optax, pytorch_optimizer and curvlinops-for-pytorch in an environment of their own; nothing of the project depends
on them. Each entry says which optimizer of the library it is compared with, at which learning rate, and the parameters after each
step. The networks and their data stand in tests/library/trajectories.rs as well. Where nobody's implementation computes what the
paper says, the paper's formulas stand in entries.py, in NumPy.
"""
import sys
import warnings

warnings.filterwarnings("ignore")
import jax

jax.config.update("jax_enable_x64", True)
import jax.numpy as jnp
import numpy as np
import optax
import torch
import pytorch_optimizer as po

torch.set_default_dtype(torch.float64)
STEPS = 6
X = np.array([[1, -0.5, 2, 0], [0.5, 1, -1, 1.5]])
Y = np.array([1, -1, 0.5, 2])
START = {
    "U": np.array([[0.5, -0.25], [0.75, 0.5], [-0.5, 1]]),
    "b": np.array([0.25, -0.5, 0.125]),
    "a": np.array([1, -0.75, 0.5]),
}


def flat(p):
    return np.concatenate([np.asarray(p[k]).reshape(-1) for k in ("U", "b", "a")])


def net(p, lib, x, y):
    h = lib.tanh(p["U"] @ x + p["b"][:, None])
    return ((p["a"] @ h - y) ** 2).sum() / 2


def show(values):
    return " ".join(repr(float(v)) for v in values)


OUT = []


def entry(nat, lr, source, course, read="params", network=None):
    assert all(np.isfinite(c).all() for c in course), nat
    lines = [f"optimizer {nat}", f"source {source}", f"lr {lr}"]
    if network:
        lines.append(f"network {network}")
    if read != "params":
        lines.append(f"read {read}")
    OUT.append("\n".join(lines + [show(c) for c in course]))


def with_optax(nat, lr, source, make, read="params", values=None, update=None):
    """One entry from an optax transformation; `values(params, state)` are what is compared."""
    p = {k: jnp.array(v) for k, v in START.items()}
    loss = lambda p: net(p, jnp, jnp.array(X), jnp.array(Y))
    tx = make()
    state = tx.init(p)
    course = []
    for _ in range(STEPS):
        g = jax.grad(loss)(p)
        kw = update(p, loss) if update else {}
        u, state = tx.update(g, state, p, **kw)
        p = optax.apply_updates(p, u)
        course.append(flat(values(p, state) if values else p))
    entry(nat, lr, f"optax {optax.__version__}: {source}", course, read)


def gradient(p):
    """The gradient of the loss at the parameters `p`, by PyTorch."""
    q = {k: torch.tensor(v, requires_grad=True) for k, v in p.items()}
    net(q, torch, torch.tensor(X), torch.tensor(Y)).backward()
    return {k: v.grad.numpy() for k, v in q.items()}


def with_numpy(nat, lr, source, step):
    """One entry from formulas: `step(p, state)` changes both, dictionaries of arrays."""
    p, state, course = {k: v.astype(float) for k, v in START.items()}, {}, []
    for _ in range(STEPS):
        step(p, state)
        course.append(flat(p))
    entry(nat, lr, source, course)


def with_layers(nat, lr, source, step):
    """One entry on the network of two linear layers: `step(model, inputs, targets)` changes the parameters of the model."""
    inputs, targets = torch.tensor(X.T), torch.tensor(Y).reshape(-1, 1)
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1))
    values = [START["U"], START["b"], START["a"].reshape(1, -1), np.array([0.25])]
    course = []
    with torch.no_grad():
        for q, v in zip(model.parameters(), values):
            q.copy_(torch.tensor(v))
    for _ in range(STEPS):
        step(model, inputs, targets)
        w = [q.detach().numpy() for q in model.parameters()]
        course.append(np.concatenate([np.column_stack(w[:2]).reshape(-1), np.column_stack(w[2:]).reshape(-1)]))
    entry(nat, lr, source, course, network="Layers")


def with_torch(nat, lr, source, make, closure=False, package=None, columns=False, hessian=None):
    """One entry from a PyTorch optimizer. With `columns` vectors are matrices of one column; `hessian` gives the diagonal."""
    column = lambda v: v.reshape(-1, 1) if columns and v.ndim == 1 else v
    p = {k: torch.nn.Parameter(torch.tensor(column(v))) for k, v in START.items()}
    o = make([p["U"], p["b"], p["a"]])
    flat_p = lambda: {k: v.reshape(-1) if k != "U" else v for k, v in p.items()}
    loss = lambda: net(flat_p(), torch, torch.tensor(X), torch.tensor(Y))
    course = []
    if hasattr(o, "train"):
        o.train()

    def backward():
        o.zero_grad()
        l = loss()
        l.backward()
        return l

    for _ in range(STEPS):
        if hessian:
            h = hessian([p["U"], p["b"], p["a"]], loss())
            backward()
            o.step(hessian=h)
        elif closure:
            backward()
            o.step(backward)
        else:
            backward()
            o.step()
        course.append(flat({k: v.detach().numpy() for k, v in p.items()}))
    package = package or f"torch {torch.__version__.split('+')[0]}"
    entry(nat, lr, f"{package}: {source}", course)


def main(path):
    import entries

    entries.all_of_them(with_optax, with_torch, torch, optax, po, jnp)
    entries.second_order(with_optax, with_torch, with_numpy, with_layers, torch, optax, gradient)
    entries.others(with_optax, with_torch, torch, optax)
    with open(path, "w") as f:
        f.write("\n\n".join(OUT) + "\n")
    print(len(OUT), "courses")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "reference.txt")
