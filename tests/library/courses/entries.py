import numpy as np


def all_of_them(ox, th, torch, optax, po, jnp):
    # torch.optim
    T = torch.optim
    th("Sgd", "0.1", "SGD(lr=0.1)", lambda p: T.SGD(p, lr=0.1))
    th("MomentumSgd(lambda = 0.01)", "0.1", "SGD(lr=0.1, momentum=0.9, weight_decay=0.01)",
       lambda p: T.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.01))
    th("HeavyBallStep", "0.1", "SGD(lr=0.1, momentum=0.9)", lambda p: T.SGD(p, lr=0.1, momentum=0.9))
    th("NesterovSgd", "0.1", "SGD(lr=0.1, momentum=0.9, nesterov=True)",
       lambda p: T.SGD(p, lr=0.1, momentum=0.9, nesterov=True))
    th("Adam(eps = 0.01)", "0.1", "Adam(lr=0.1, eps=0.01)", lambda p: T.Adam(p, lr=0.1, eps=0.01))
    th("AdamW(eps = 0.01, lambda = 0.1)", "0.1", "AdamW(lr=0.1, eps=0.01, weight_decay=0.1)",
       lambda p: T.AdamW(p, lr=0.1, eps=0.01, weight_decay=0.1))
    th("AMSGrad(eps = 0.01)", "0.1", "Adam(lr=0.1, eps=0.01, amsgrad=True)",
       lambda p: T.Adam(p, lr=0.1, eps=0.01, amsgrad=True))
    th("Adamax(eps = 0)", "0.1", "Adamax(lr=0.1, eps=0)", lambda p: T.Adamax(p, lr=0.1, eps=0))
    # With eps the two differ in its place: PyTorch adds it before the bias correction.
    th("RAdam(beta2 = 0.9, eps = 0)", "0.1", "RAdam(lr=0.1, betas=(0.9, 0.9), eps=0)",
       lambda p: T.RAdam(p, lr=0.1, betas=(0.9, 0.9), eps=0))
    th("AdaGrad(eps = 1e-10)", "0.1", "Adagrad(lr=0.1)", lambda p: T.Adagrad(p, lr=0.1))
    th("AdaDelta", "1", "Adadelta(lr=1, rho=0.95, eps=1e-6)", lambda p: T.Adadelta(p, lr=1, rho=0.95, eps=1e-6))
    th("RmsProp(beta = 0.9)", "0.1", "RMSprop(lr=0.1, alpha=0.9)", lambda p: T.RMSprop(p, lr=0.1, alpha=0.9))
    th("CentredRmsProp", "0.1", "RMSprop(lr=0.1, centered=True)", lambda p: T.RMSprop(p, lr=0.1, centered=True))
    th("Rprop", "0.1", "Rprop(lr=0.1)", lambda p: T.Rprop(p, lr=0.1))
    th("Asgd(lambda = 0.01)", "0.1", "ASGD(lr=0.1, lambd=0.01, t0=0)", lambda p: T.ASGD(p, lr=0.1, lambd=0.01, t0=0))
    # optax
    c = optax.contrib
    ox("Lion", "0.1", "lion(0.1, weight_decay=0)", lambda: optax.lion(0.1, weight_decay=0))
    ox("SignSgd", "0.1", "sign_sgd(0.1)", lambda: optax.sign_sgd(0.1))
    ox("Adam(eps = 0.01)", "0.1", "adam(0.1, eps=0.01)", lambda: optax.adam(0.1, eps=0.01))
    ox("AdamW(eps = 0.01, lambda = 0.1)", "0.1", "adamw(0.1, eps=0.01, weight_decay=0.1)",
       lambda: optax.adamw(0.1, eps=0.01, weight_decay=0.1))
    ox("NesterovSgd", "0.1", "sgd(0.1, momentum=0.9, nesterov=True)",
       lambda: optax.sgd(0.1, momentum=0.9, nesterov=True))
    ox("AdaBelief(eps = 0.001)", "0.1", "adabelief(0.1, eps=0.001, eps_root=0.001)",
       lambda: optax.adabelief(0.1, eps=0.001, eps_root=0.001))
    ox("Yogi", "0.1", "yogi(0.1, eps=0.001)", lambda: optax.yogi(0.1, eps=0.001))
    ox("NovoGrad(beta2 = 0.25)", "0.1", "novograd(0.1, b1=0.95, b2=0.25, eps=0)",
       lambda: optax.novograd(0.1, b1=0.95, b2=0.25, eps=0))
    ox("Sm3", "0.1", "sm3(0.1, momentum=0) with eps=0 in scale_by_sm3",
       lambda: optax.chain(optax.scale_by_sm3(b1=0.0, b2=1.0, eps=0), optax.scale(-0.1)))
    ox("Lars(lambda = 0, eta = 0.1)", "0.1", "lars(0.1, weight_decay=0, trust_coefficient=0.1)",
       lambda: optax.lars(0.1, weight_decay=0, trust_coefficient=0.1))
    ox("NAdam(eps = 0.01)", "0.1", "nadam(0.1, eps=0.01)", lambda: optax.nadam(0.1, eps=0.01))
    ox("Lamb(eps = 0.01, lambda = 0.1)", "0.1", "lamb(0.1, eps=0.01, weight_decay=0.1)",
       lambda: optax.lamb(0.1, eps=0.01, weight_decay=0.1))
    ox("RAdam(beta2 = 0.9, eps = 0.01)", "0.1", "radam(0.1, b2=0.9, eps=0.01)",
       lambda: optax.radam(0.1, b2=0.9, eps=0.01))
    ox("CentredRmsProp(beta = 0.9)", "0.1", "rmsprop(0.1, centered=True, eps=0, eps_in_sqrt=False)",
       lambda: optax.rmsprop(0.1, centered=True, decay=0.9, eps=1e-8, eps_in_sqrt=False))
    ox("Prodigy(first = 0.01)", "1", "contrib.prodigy(1, estim_lr0=0.01)", lambda: c.prodigy(1.0, estim_lr0=0.01))
    ox("DAdaptAdam(first = 0.01)", "1", "contrib.dadapt_adamw(1, estim_lr0=0.01)",
       lambda: c.dadapt_adamw(1.0, estim_lr0=0.01))
    ox("AdEMAMix(alpha = 5, beta3 = 0.99, eps = 0.01, lambda = 0.1)", "0.1",
       "contrib.ademamix(0.1, b3=0.99, alpha=5, eps=0.01, weight_decay=0.1)",
       lambda: c.ademamix(0.1, b3=0.99, alpha=5, eps=0.01, weight_decay=0.1))
    ox("Adopt", "0.1", "contrib.adopt(0.1, use_clipping=False)",
       lambda: c.adopt(0.1, use_clipping=False))
    ox("ScheduleFreeSgd", "0.1", "contrib.schedule_free_sgd(0.1)", lambda: c.schedule_free_sgd(0.1))
    ox("ScheduleFreeSgd", "0.1", "contrib.schedule_free_sgd(0.1), schedule_free_eval_params",
       lambda: c.schedule_free_sgd(0.1), read="x", values=lambda p, s: c.schedule_free_eval_params(s, p))
    ox("ScheduleFreeAdamW(eps = 0.01)", "0.1", "contrib.schedule_free_adamw(0.1, eps=0.01)",
       lambda: c.schedule_free_adamw(0.1, eps=0.01))
    # pytorch_optimizer
    from importlib.metadata import version
    package = "pytorch_optimizer " + version("pytorch_optimizer")
    def kz(nat, lr, source, make, **kw):
        th(nat, lr, source, make, package=package, **kw)
    kz("Adan(eps = 0.01)", "0.1", "Adan(lr=0.1, eps=0.01)", lambda p: po.Adan(p, lr=0.1, eps=0.01))
    kz("Mars(eps = 0)", "0.1", "MARS(lr=0.1, betas=(0.95, 0.99), eps=0, weight_decay=0, optimize_1d=True)",
       lambda p: po.MARS(p, lr=0.1, betas=(0.95, 0.99), eps=0, weight_decay=0, optimize_1d=True))
    kz("Came", "0.1", "CAME(lr=0.1, eps1=0, eps2=0) with vectors as matrices of one column",
       lambda p: po.CAME(p, lr=0.1, eps1=0, eps2=0), columns=True)
    kz("Tiger", "0.1", "Tiger(lr=0.1)", lambda p: po.Tiger(p, lr=0.1))
    kz("Signum", "0.1", "SignSGD(lr=0.1, momentum=0.9)", lambda p: po.SignSGD(p, lr=0.1, momentum=0.9))
    kz("Kate", "0.1", "Kate(lr=0.1, delta=0, eps=0)", lambda p: po.Kate(p, lr=0.1, delta=0, eps=0))
    kz("GrokfastAdam(beta2 = 0.99, eps = 0)", "0.1", "GrokFastAdamW(lr=0.1, eps=0, normalize_lr=False)",
       lambda p: po.GrokFastAdamW(p, lr=0.1, eps=0, normalize_lr=False))
    kz("Prodigy(first = 0.01)", "1", "Prodigy(lr=1, d0=0.01, bias_correction=True)",
       lambda p: po.Prodigy(p, lr=1.0, d0=0.01, bias_correction=True))
    kz("CautiousAdam(eps = 0)", "0.1", "AdEMAMix(lr=0.1, alpha=0, eps=0, cautious=True)",
       lambda p: po.AdEMAMix(p, lr=0.1, alpha=0.0, eps=0, weight_decay=0, cautious=True))
    kz("ScheduleFreeSgd", "0.1", "ScheduleFreeSGD(lr=0.1)", lambda p: po.ScheduleFreeSGD(p, lr=0.1))
    kz("Sam", "0.1", "SAM(SGD(lr=0.1), rho=0.05)", lambda p: po.SAM(p, torch.optim.SGD, rho=0.05, lr=0.1,
       perturb_eps=0), closure=True)
    kz("Lookahead", "0.1", "Lookahead(SGD(lr=0.1), k=5, alpha=0.5)",
       lambda p: po.Lookahead(torch.optim.SGD(p, lr=0.1), k=5, alpha=0.5))
    kz("Sm3", "0.1", "SM3(lr=0.1, momentum=0)", lambda p: po.SM3(p, lr=0.1, momentum=0.0, beta=0.0, eps=0.0))

    def exact_diagonal(p, loss):
        g = torch.autograd.grad(loss, p, create_graph=True)
        out = []
        for gi, pi in zip(g, p):
            rows = [torch.autograd.grad(e, pi, retain_graph=True)[0].reshape(-1)[k] for k, e in enumerate(gi.reshape(-1))]
            out.append(torch.stack(rows).reshape(pi.shape))
        return out
    kz("AdaHessian(eps = 0.01)", "0.1", "AdaHessian(lr=0.1, eps=0.01) with the exact diagonal of the Hessian",
       lambda p: po.AdaHessian(p, lr=0.1, eps=0.01, adam_debias=False), hessian=exact_diagonal)
    # The polar factor in place of the iteration that approximates it.
    def polar(g, *_, **__):
        u, _, v = torch.linalg.svd(g, full_matrices=False)
        return u @ v
    torch.optim._muon._zeropower_via_newtonschulz = polar
    class Hybrid:
        def __init__(self, p):
            self.parts = [torch.optim.Muon([p[0]], lr=0.1, weight_decay=0.0, momentum=0.95, nesterov=True),
                          torch.optim.AdamW(p[1:], lr=0.1, betas=(0.9, 0.95), eps=0.01, weight_decay=0.0)]
        def zero_grad(self):
            for o in self.parts: o.zero_grad()
        def step(self):
            for o in self.parts: o.step()
    th("MuonAdam(eps = 0.01)", "0.1", "Muon(lr=0.1) for the matrix, with the exact polar factor, AdamW(lr=0.1, betas=(0.9, 0.95)) for the rest",
       Hybrid)


def second_order(ox, th, formula, layers, torch, optax, gradient):
    """Where the inverse Hessian or the metric is approximated."""
    start = {"U": np.array([[0.5, -0.25], [0.75, 0.5], [-0.5, 1]]), "b": np.array([0.25, -0.5, 0.125]),
             "a": np.array([1, -0.75, 0.5])}
    g = np.concatenate([v.reshape(-1) for v in gradient(start).values()])

    # The frameworks make the first step shorter, each by a norm of its own.
    first = min(1.0, 1 / float(np.abs(g).sum()))
    th(f"Lbfgs(first = {first!r})", "0.5", "LBFGS(lr=0.5, max_iter=1, history_size=3)",
       lambda p: torch.optim.LBFGS(p, lr=0.5, max_iter=1, history_size=3), closure=True)
    first = min(1.0, 1 / float(np.sqrt((g ** 2).sum())))
    ox(f"Lbfgs(first = {first!r})", "0.5", "scale_by_lbfgs(memory_size=3) and scale(-0.5)",
       lambda: optax.chain(optax.scale_by_lbfgs(memory_size=3), optax.scale(-0.5)))

    def join(p):
        return np.concatenate([v.reshape(-1) for v in p.values()])

    def place(p, x):
        at = 0
        for k in p:
            p[k] = x[at:at + p[k].size].reshape(p[k].shape)
            at += p[k].size

    def bfgs(p, state):
        h = state.get("h", np.eye(12))
        x, g = join(p), join(gradient(p))
        place(p, x - 0.1 * h @ g)
        s, y = join(p) - x, join(gradient(p)) - g
        rho = 1 / (y @ s)
        v = np.eye(12) - rho * np.outer(y, s)
        state["h"] = v.T @ h @ v + rho * np.outer(s, s)
    formula("Bfgs", "0.1", "formula: Nocedal and Wright 2006, (6.17), from the identity", bfgs)

    def tnt(p, state):
        # E[g gᵀ] and E[gᵀ g] are the factors of a covariance that is a Kronecker product, times the trace of the other one.
        g = gradient(p)
        for k in p:
            m = g[k].reshape(p[k].shape[0], -1)
            rows, columns = state.get(k, (0.01 * np.eye(m.shape[0]), 0.01 * np.eye(m.shape[1])))
            rows, columns = 0.5 * rows + 0.5 * m @ m.T, 0.5 * columns + 0.5 * m.T @ m
            state[k] = rows, columns
            covariance = np.kron(rows, columns) / np.sqrt(np.trace(rows) * np.trace(columns))
            p[k] = p[k] - 0.01 * np.linalg.solve(covariance, m.reshape(-1)).reshape(p[k].shape)
    formula("Tnt(beta = 0.5, first = 0.01)", "0.01", 
            "formula: the inverse of a covariance that is a Kronecker product (Ren and Goldfarb 2021), of the loss itself", tnt)

    # For each layer with its bias in the last column. Their loss is twice ours, and so is their metric.
    from importlib.metadata import version
    from curvlinops import FisherType, KFACInverseLinearOperator, KFACLinearOperator

    def kfac(model, inputs, targets):
        loss, params = torch.nn.MSELoss(), list(model.parameters())
        metric = KFACLinearOperator(model, loss, params, [(inputs, targets)], fisher_type=FisherType.TYPE2,
                                    separate_weight_and_bias=False)
        inverse = KFACInverseLinearOperator(metric, damping=2 * 0.01, use_heuristic_damping=True)
        slope = torch.autograd.grad(loss(model(inputs), targets), params)
        with torch.no_grad():
            for q, d in zip(params, inverse @ list(slope)):
                q.sub_(0.1 * d)
    layers("Kfac(lambda = 0.01)", "0.1", "curvlinops " + version("curvlinops-for-pytorch")
           + ": KFACInverseLinearOperator(damping=0.02, use_heuristic_damping=True) on MSELoss", kfac)

    # The same without their code: input and slope of each layer from the forward and backward pass.
    def by_layers(model, inputs, targets):
        hidden = torch.tanh(model[0](inputs))
        one = torch.ones(len(inputs), 1)
        reads = [torch.cat([inputs, one], 1), torch.cat([hidden, one], 1)]
        slopes = [(1 - hidden ** 2) * model[2].weight, one]
        residual = model(inputs) - targets
        with torch.no_grad():
            for layer, a, g in zip((model[0], model[2]), reads, slopes):
                a_a, g_g = a.T @ a / len(inputs), g.T @ g / len(inputs)
                share = ((a_a.trace() / len(a_a)) / (g_g.trace() / len(g_g))).sqrt()
                a_a += 0.1 ** 0.5 * share * torch.eye(len(a_a))
                g_g += 0.1 ** 0.5 / share * torch.eye(len(g_g))
                slope = (g * residual).T @ a / len(inputs)
                step = torch.linalg.solve(g_g, slope) @ torch.linalg.inv(a_a)
                layer.weight.sub_(0.1 * step[:, :-1])
                layer.bias.sub_(0.1 * step[:, -1])
    layers("Kfac(lambda = 0.1)", "0.1",
           "formula: Martens and Grosse 2015, sections 3 and 6.3, from inputs and slopes of the layers", by_layers)


def others(ox, th, torch, optax):
    """Other forms of what stands above, as people run them."""
    th("RmsPropMomentum", "0.1", "RMSprop(lr=0.1, momentum=0.9)",
       lambda p: torch.optim.RMSprop(p, lr=0.1, momentum=0.9))
    th("NAdamDecay(eps = 0.01)", "0.1", "NAdam(lr=0.1, eps=0.01)", lambda p: torch.optim.NAdam(p, lr=0.1, eps=0.01))
    ox("Dog(first = 0.01)", "1", "contrib.dog(1, init_step=('distance', 0.01), eps=0)",
       lambda: optax.contrib.dog(1.0, init_step=("distance", 0.01), eps=0.0))
