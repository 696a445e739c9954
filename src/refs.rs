//! The literature that the documentation cites; nothing here but documentation.
//!
//! - J. T. Schwartz, *Fast Probabilistic Algorithms for Verification of Polynomial Identities*, J. ACM 27 (1980):
//!   the randomised identity test of [`crate::check::algebra`].
//! - G. H. Gonnet, *Determining Equivalence of Expressions in Random Polynomial Time*, STOC 1984: signatures of
//!   expressions with exponentials and trigonometric functions, the model for the atoms of [`crate::domain::prime`].
//! - P. L. Montgomery, *Modular Multiplication Without Trial Division*, Math. Comp. 44 (1985):
//!   [`crate::domain::prime::Field`].
//! - S. Laue, M. Mitterreiter, J. Giesen, *Computing Higher Order Derivatives of Matrix and Tensor Expressions*,
//!   NeurIPS 2018: derivatives of tensor terms as tensor terms, [`crate::term`].
//! - G. H. Golub, V. Pereyra, *The Differentiation of Pseudo-Inverses and Nonlinear Least Squares Problems Whose
//!   Variables Separate*, SIAM J. Numer. Anal. 10 (1973): the derivative of a pseudo-inverse.
//! - N. J. Higham, *Functions of Matrices*, SIAM 2008: the derivatives of polar factors and of powers of matrices.
//! - D. Shiebler, *Generalized Optimization*, arXiv:2109.10262: gradient descent and Newton's method as functors, and
//!   the transformations along which they are natural.
//! - Y. Song, J. Song, S. Ermon, *Accelerating Natural Gradient with Higher-Order Invariance*, ICML 2018: geodesic
//!   corrections and the order at which discrete natural gradient steps are invariant.
