[
  (architecture)
  (morphism)
  (inverse)
  (optimizer)
  (flow)
  (step)
  (each)
  (system)
  (via)
  (trace)
  (start)
] @fold
