//! Functions of other libraries, with how the same is written here.

use super::APPLIED;

/// What a layer or a loss of another library is called in `std.nets`.
pub fn meant_layer(name: &str) -> Option<&'static str> {
    Some(match name.to_lowercase().as_str() {
        "linear" | "fc" | "fully_connected" | "affine" | "densely" => "dense",
        "layer_norm" | "ln_" => "layernorm",
        "batch_norm" | "batchnorm1d" | "batchnorm2d" => "batchnorm",
        "rms_norm" => "rmsnorm",
        "weight_norm" => "weightnorm",
        "conv1d" | "convolution" | "convolve" => "conv",
        "conv2d" => "conv_plane",
        "scaled_dot_product_attention" | "selfattention" | "self_attention" | "multihead_attention" => "attention",
        "embedding" | "embeddings" => "embed",
        "crossentropy"
        | "crossentropyloss"
        | "cross_entropy_loss"
        | "nll"
        | "nll_loss"
        | "nllloss"
        | "ce"
        | "softmax_cross_entropy"
        | "logitcrossentropy" => "cross_entropy",
        "bce" | "bceloss" | "bce_loss" | "bcewithlogitsloss" | "sigmoid_cross_entropy" | "binarycrossentropy" => {
            "binary_cross_entropy"
        }
        "average_pool" | "avg_pool" | "meanpool" | "global_average_pool" => "pool",
        "standardise" | "normalise" | "normalize" | "zscore" => "standardize",
        _ => return None,
    })
}

/// How a function of another library is written here, as a half-sentence.
///
/// Also used where such a name is called and nothing declares it.
pub fn meant_function(name: &str) -> Option<String> {
    let direct = |here: &str| Some(format!("write `{here}(…)`"));
    let lower = name.to_lowercase();
    let said = match lower.as_str() {
        "matmul" | "mm" | "bmm" | "mv" | "einsum" | "multiply_matrices" | "addmm" => {
            "a product of matrices is written `A * B`"
        }
        "inner" | "vdot" | "inner_product" | "innerproduct" | "scalar_product" => {
            "the scalar product is written `dot(u, v)`"
        }
        "mul" | "multiply" | "hadamard" | "prod_elementwise" => "an entrywise product is written `a .* b`",
        "divide" | "div" | "true_divide" => "an entrywise quotient is written `a ./ b`",
        "add" | "plus" => "a sum is written `a + b`",
        "sub" | "subtract" | "minus" => "a difference is written `a - b`",
        "pow" | "power" | "float_power" => "a power is written `a^b`",
        "abs2" => "a square is written `x^2`",
        "square" | "sqr" | "sq" => "a square is written `x^2`",
        "cube" => "a third power is written `x^3`",
        "transpose" | "t" | "adjoint" | "permute" => "the transpose is written `A^T`",
        "reciprocal" => "a reciprocal is written `x^-1`",
        "mse" | "mse_loss" | "mseloss" | "mean_squared_error" => "a mean squared error is `mean((a - b)^2)`",
        "mae" | "l1_loss" | "l1loss" | "mean_absolute_error" => "a mean absolute error is `mean(abs(a - b))`",
        "dropout" => "what a network computes is a function: nothing in it is drawn by chance",
        "reduce" | "fold" | "foldl" | "foldr" => {
            "there is no folding: write `sum(v)`, `prod(i in 0..n: …)` or `max(v)`"
        }
        "sse" => "a sum of squared errors is `sum((a - b)^2)`",
        "randn" | "rand" | "random" | "normal" | "uniform" | "gauss" | "randint" | "gaussian" => {
            "data without a value stand for every value: leave the value out"
        }
        "readdlm" | "npzread" | "loadtxt" | "read_csv" | "genfromtxt" => {
            "the numbers of a file are read by data alone: `data x : R[3] = read \"x.npy\"`"
        }
        "identity" => "an identity matrix is written `eye(n)`",
        "array" | "tensor" | "asarray" => "a list is written `[a, b]`, a matrix `[[a, b], [c, d]]`",
        "arange" | "range" | "linspace" => "a range is written `0..n`: a list over it is `[i in 0..n: …]`",
        "sequential" | "chain" | "compose" | "serial" => {
            "layers are written out, one after the other: `let hidden = relu(U * X)`"
        }
        "len" | "length" | "ndims" | "size" | "shape" | "numel" => {
            "a size is the number, or the parameter of type `N`, that the type was given"
        }
        "log10" | "log2" => "`log` is the natural logarithm: write `log(x) / log(10)`, or with another base",
        "map" | "vmap" | "vectorize" | "broadcast" | "fmap" | "apply" => {
            "functions act entry by entry as they are: `f(x)`"
        }
        "selu" | "mish" | "celu" | "hardtanh" | "hardswish" => {
            "other activations are functions of a file: `def mish(x) = x .* tanh(softplus(x))`"
        }
        "swish" => return direct("silu"),
        "leakyrelu" => return direct("leaky_relu"),
        "where" | "cond" | "ifelse" => "what has pieces is written `if a < b then x else y`",
        "clip" | "clamp" => "what has pieces is built from `relu`, `abs`, `sign`, `max` and `min`",
        "amax" => return direct("max"),
        "amin" => return direct("min"),
        "zeros_like" => "zeros of a shape are written `zeros(m, n)`",
        "ones_like" => "ones of a shape are written `ones(m, n)`",
        "backward" | "value_and_grad" | "autograd" | "grad" | "gradient" | "nabla" | "jacrev" | "jacobian" => {
            "the gradient is written `grad(loss)`, the differential `d(loss)`"
        }
        "hessian" => "the matrix of second derivatives is written `hess(loss)`",
        "fisher" | "metric_tensor" => "the metric is the word `metric`",
        "cat" | "concatenate" => return direct("concat"),
        "stack" | "row_stack" | "vcat" => return direct("vstack"),
        "column_stack" | "hcat" => return direct("hstack"),
        "flatten" | "ravel" | "view" => return direct("vec"),
        "ln" | "loge" => return direct("log"),
        "arctan" => return direct("atan"),
        "average" | "reduce_mean" => return direct("mean"),
        "reduce_sum" | "nansum" | "total" => return direct("sum"),
        "l2norm" | "l2_norm" | "frobenius" => return direct("norm"),
        "σ" => return direct("sigmoid"),
        "Σ" | "∑" | "ς" => return direct("sum"),
        "π" => "the constant is written `pi`, a product `prod(i in 0..n: …)`",
        "absolute" | "fabs" => return direct("abs"),
        "sgn" => return direct("sign"),
        "maximum" => return direct("max"),
        "minimum" => return direct("min"),
        "logistic" | "expit" => return direct("sigmoid"),
        "inverse" => return direct("inv"),
        "pseudo_inverse" | "pseudoinverse" => return direct("pinv"),
        "tr" => return direct("trace"),
        "determinant" => return direct("det"),
        "msign" | "orthogonalize" | "newton_schulz" | "newtonschulz5" | "zeropower" => return direct("polar"),
        "eigh" | "eig" | "eigenvectors" | "eigvec" | "symmetric_eigen" => return direct("eigvecs"),
        "matrix_power" | "sqrtm" => return direct("powm"),
        "lstsq" => return direct("solve"),
        "natural_gradient" | "natural_grad" | "nat_grad" => return direct("natgrad"),
        _ => {
            let known =
                APPLIED.iter().chain(&["logsumexp", "solve", "outer", "eye", "zeros", "ones", "concat", "reshape"]);
            return known.copied().find(|f| *f == lower).and_then(direct);
        }
    };
    Some(said.to_owned())
}
