//! Linear algebra over any [`Domain`]: products, inverses, determinants and Moore–Penrose inverses by elimination.
//!
//! Elimination never guesses. A pivot must be *certainly* non-zero; where a domain cannot tell, the answer is
//! [`Stop::Unclear`]. Matrices are row-major slices, as in the trait.

#[cfg(test)]
mod tests;

use super::{Domain, Stop};

/// Below this many remaining rows an elimination that finds no certain pivot expands by minors instead.
const EXPANSION_LIMIT: usize = 8;

/// Up to this size a determinant is expanded by minors at once: no division, hence no question about pivots.
const SMALL: usize = 3;

/// The outcome of looking for a pivot among entries of one column.
enum Pivot {
    /// The row of a certainly non-zero entry, the largest by [`Domain::pivot_size`].
    At(usize),
    /// Every entry is certainly zero.
    Zero,
    /// No entry is certainly non-zero, and some may be.
    Open,
}

/// The transpose (`cols × rows`) of a `rows × cols` matrix.
pub fn transpose<T: Clone>(m: &[T], rows: usize, cols: usize) -> Vec<T> {
    let mut out = Vec::with_capacity(rows * cols);
    for j in 0..cols {
        out.extend((0..rows).map(|i| m[i * cols + j].clone()));
    }
    out
}

/// The product of a `rows × inner` and an `inner × cols` matrix.
pub fn multiply<D: Domain>(
    d: &D,
    a: &[D::Elem],
    b: &[D::Elem],
    rows: usize,
    inner: usize,
    cols: usize,
) -> Vec<D::Elem> {
    let mut out = vec![d.zero(); rows * cols];
    for i in 0..rows {
        let target = &mut out[i * cols..(i + 1) * cols];
        for k in 0..inner {
            let factor = &a[i * inner + k];
            if d.is_zero(factor) != Some(true) {
                add_multiple(d, target, factor, &b[k * cols..(k + 1) * cols]);
            }
        }
    }
    out
}

/// `target += factor · source`, entrywise: the inner loop of everything here.
fn add_multiple<D: Domain>(d: &D, target: &mut [D::Elem], factor: &D::Elem, source: &[D::Elem]) {
    for (t, s) in target.iter_mut().zip(source) {
        d.mul_add(t, factor, s);
    }
}

/// Splits a row-major slice into rows of its own, so that rows can be swapped and taken out without copying entries.
fn split_rows<T: Clone>(m: &[T], rows: usize, cols: usize) -> Vec<Vec<T>> {
    (0..rows).map(|i| m[i * cols..(i + 1) * cols].to_vec()).collect()
}

/// Looks for a pivot in column `col` of `rows[from..]`.
fn find_pivot<D: Domain>(d: &D, rows: &[Vec<D::Elem>], from: usize, col: usize) -> Pivot {
    let mut best: Option<(usize, f64)> = None;
    let mut open = false;
    for (i, row) in rows.iter().enumerate().skip(from) {
        match d.is_zero(&row[col]) {
            Some(true) => {}
            None => open = true,
            Some(false) => {
                let size = d.pivot_size(&row[col]);
                if best.is_none_or(|(_, s)| size > s) {
                    best = Some((i, size));
                }
            }
        }
    }
    match best {
        Some((i, _)) => Pivot::At(i),
        None if open => Pivot::Open,
        None => Pivot::Zero,
    }
}

/// The inverse of a square `n × n` matrix by Gauss–Jordan elimination in place.
///
/// # Errors
/// [`Stop::Pole`] if some column has no non-zero pivot left, [`Stop::Unclear`] if that cannot be told.
pub fn inverse<D: Domain>(d: &mut D, m: &[D::Elem], n: usize) -> Result<Vec<D::Elem>, Stop> {
    let mut rows = split_rows(m, n, n);
    let one = d.one();
    let mut swaps = Vec::with_capacity(n);
    for k in 0..n {
        let p = match find_pivot(d, &rows, k, k) {
            Pivot::At(p) => p,
            Pivot::Zero => return Err(Stop::Pole),
            Pivot::Open => return Err(Stop::Unclear),
        };
        rows.swap(k, p);
        swaps.push(p);
        let mut pivot_row = std::mem::take(&mut rows[k]);
        let scale = d.div(&one, &pivot_row[k])?;
        pivot_row[k] = one.clone();
        for x in &mut pivot_row {
            *x = d.mul(x, &scale);
        }
        for row in rows.iter_mut().filter(|row| !row.is_empty()) {
            if d.is_zero(&row[k]) == Some(true) {
                continue;
            }
            let factor = d.neg(&row[k]);
            row[k] = d.zero();
            add_multiple(d, row, &factor, &pivot_row);
        }
        rows[k] = pivot_row;
    }
    // Row swaps of the matrix are column swaps of its inverse, undone from the last to the first.
    for (k, &p) in swaps.iter().enumerate().rev() {
        if k != p {
            for row in &mut rows {
                row.swap(k, p);
            }
        }
    }
    Ok(rows.into_iter().flatten().collect())
}

/// The determinant of a square `n × n` matrix.
///
/// Small matrices, and small remainders in which no pivot is certain, are expanded by minors: that needs no division,
/// so it has an answer even where a pivot may be zero.
///
/// # Errors
/// [`Stop::Unclear`] if more than eight rows remain and none of them has a certain pivot.
pub fn determinant<D: Domain>(d: &mut D, m: &[D::Elem], n: usize) -> Result<D::Elem, Stop> {
    let mut rows = split_rows(m, n, n);
    if n <= SMALL {
        return Ok(expand(d, &rows, 0));
    }
    let one = d.one();
    let mut det = d.one();
    for k in 0..n {
        match find_pivot(d, &rows, k, k) {
            Pivot::Zero => return Ok(d.zero()),
            Pivot::Open if n - k <= EXPANSION_LIMIT => return Ok(d.mul(&det, &expand(d, &rows, k))),
            Pivot::Open => return Err(Stop::Unclear),
            Pivot::At(p) if p != k => {
                rows.swap(k, p);
                det = d.neg(&det);
            }
            Pivot::At(_) => {}
        }
        let pivot_row = std::mem::take(&mut rows[k]);
        det = d.mul(&det, &pivot_row[k]);
        let scale = d.div(&one, &pivot_row[k])?;
        let scale = d.neg(&scale);
        for row in rows.iter_mut().skip(k + 1) {
            if d.is_zero(&row[k]) != Some(true) {
                let factor = d.mul(&row[k], &scale);
                add_multiple(d, &mut row[k + 1..], &factor, &pivot_row[k + 1..]);
            }
        }
    }
    Ok(det)
}

/// The determinant of a square matrix without any division, if it is small enough for an expansion by minors.
pub fn determinant_by_minors<D: Domain>(d: &D, m: &[D::Elem], n: usize) -> Option<D::Elem> {
    (n <= EXPANSION_LIMIT).then(|| expand(d, &split_rows(m, n, n), 0))
}

/// The determinant of the square block `rows[from..][from..]` by minors of its first rows, one for each set of columns.
fn expand<D: Domain>(d: &D, rows: &[Vec<D::Elem>], from: usize) -> D::Elem {
    let size = rows.len() - from;
    let mut minors = vec![d.zero(); 1 << size];
    minors[0] = d.one();
    for set in 1..minors.len() {
        let row = &rows[from + set.count_ones() as usize - 1];
        let mut sum = d.zero();
        // Expansion along the last row: the sign is given by the chosen columns to the right.
        for col in (0..size).filter(|col| set >> col & 1 == 1) {
            let rest = &minors[set & !(1 << col)];
            if (set >> (col + 1)).count_ones() % 2 == 0 {
                d.mul_add(&mut sum, &row[from + col], rest);
            } else {
                d.mul_add(&mut sum, &d.neg(&row[from + col]), rest);
            }
        }
        minors[set] = sum;
    }
    minors.pop().unwrap_or_else(|| d.one())
}

/// A full-rank factorisation `A = C F`: the pivot columns of `A`, and the rows of its reduced echelon form.
struct Factors<T> {
    /// `rank × cols`, row-major, with an identity in the pivot columns.
    echelon: Vec<T>,
    /// The columns of `A` that make up `C`.
    columns: Vec<usize>,
}

/// Reduces to echelon form; `bound` is a proven upper bound for the rank.
fn factorise<D: Domain>(
    d: &mut D,
    m: &[D::Elem],
    rows: usize,
    cols: usize,
    bound: Option<usize>,
) -> Result<Factors<D::Elem>, Stop> {
    let mut work = split_rows(m, rows, cols);
    let one = d.one();
    let mut columns = Vec::new();
    let mut skipped_open = false;
    for col in 0..cols {
        let r = columns.len();
        if r == rows || bound == Some(r) {
            break;
        }
        let p = match find_pivot(d, &work, r, col) {
            Pivot::At(p) => p,
            Pivot::Zero => continue,
            Pivot::Open => {
                skipped_open = true;
                continue;
            }
        };
        work.swap(r, p);
        columns.push(col);
        let mut pivot_row = std::mem::take(&mut work[r]);
        let scale = d.div(&one, &pivot_row[col])?;
        pivot_row[col] = one.clone();
        // A column skipped as certainly zero is zero from here on; a skipped open one is not.
        let start = if skipped_open { 0 } else { col };
        for (j, x) in pivot_row.iter_mut().enumerate().skip(start) {
            if j != col {
                *x = d.mul(x, &scale);
            }
        }
        for row in work.iter_mut().filter(|row| !row.is_empty()) {
            if d.is_zero(&row[col]) != Some(true) {
                let factor = d.neg(&row[col]);
                add_multiple(d, &mut row[start..], &factor, &pivot_row[start..]);
                row[col] = d.zero();
            }
        }
        work[r] = pivot_row;
    }
    let rank = columns.len();
    let rest = || work.iter().skip(rank).flatten();
    let proven = rank == rows || bound == Some(rank);
    let contradicted = rest().any(|x| d.is_zero(x) == Some(false));
    let open = !proven && rest().any(|x| d.is_zero(x).is_none());
    if contradicted || open {
        return Err(Stop::Unclear);
    }
    work.truncate(rank);
    Ok(Factors { echelon: work.into_iter().flatten().collect(), columns })
}

/// The rank of a matrix, row by row.
///
/// # Errors
/// [`Stop::Unclear`] if it is open.
pub fn rank<D: Domain>(d: &mut D, m: &[D::Elem], rows: usize, cols: usize) -> Result<usize, Stop> {
    factorise(d, m, rows, cols, None).map(|f| f.columns.len())
}

/// Whether the symmetric matrix `A` has simple eigenvalues and no eigenvector with first entry zero: then, and only then,
/// the vectors `e, A e, A² e, …` for the first unit vector `e` are independent.
///
/// # Errors
/// If a zero test is undecided.
pub fn has_eigenvectors<D: Domain>(d: &mut D, m: &[D::Elem], n: usize) -> Result<bool, Stop> {
    let mut next: Vec<D::Elem> = (0..n).map(|i| if i == 0 { d.one() } else { d.zero() }).collect();
    let mut rows = Vec::with_capacity(n * n);
    for _ in 0..n {
        let image = multiply(d, m, &next, n, n, 1);
        rows.extend(std::mem::replace(&mut next, image));
    }
    Ok(rank(d, &rows, n, n)? == n)
}

/// The Moore–Penrose inverse (`cols × rows`) of a `rows × cols` matrix.
///
/// Over a full-rank factorisation `A = C F` it is `Fᵀ (Cᵀ C F Fᵀ)⁻¹ Cᵀ`. Matrices of full rank skip the factorisation:
/// the smaller of `Aᵀ A` and `A Aᵀ` is inverted, or `A` itself if it is square.
///
/// Calls [`Domain::rank_hint`] exactly once, first, and [`Domain::note_rank`] exactly once if there is an answer, so
/// that a queue of hints and a list of ranks stay in step with the sequence of pseudo-inverses.
///
/// # Errors
/// [`Stop::Unclear`] if the rank is open. [`Stop::Pole`] if a Gram matrix is singular at full rank, which happens in
/// finite fields only.
pub fn pseudo_inverse<D: Domain>(d: &mut D, m: &[D::Elem], rows: usize, cols: usize) -> Result<Vec<D::Elem>, Stop> {
    let bound = d.rank_hint();
    let full = rows.min(cols);
    if bound.is_none_or(|b| b >= full) {
        match full_rank_inverse(d, m, rows, cols) {
            Ok(out) => {
                d.note_rank(full);
                return Ok(out);
            }
            Err(Stop::Pole | Stop::Unclear) => {}
            Err(stop) => return Err(stop),
        }
    }
    let Factors { echelon, columns } = factorise(d, m, rows, cols, bound)?;
    let rank = columns.len();
    if rank == 0 {
        d.note_rank(0);
        return Ok(vec![d.zero(); rows * cols]);
    }
    if rank == full {
        let out = full_rank_inverse(d, m, rows, cols)?;
        d.note_rank(full);
        return Ok(out);
    }
    let pivots_t: Vec<D::Elem> =
        columns.iter().flat_map(|&j| (0..rows).map(move |i| m[i * cols + j].clone())).collect();
    let pivots = transpose(&pivots_t, rank, rows);
    let echelon_t = transpose(&echelon, rank, cols);
    let left = multiply(d, &pivots_t, &pivots, rank, rows, rank);
    let right = multiply(d, &echelon, &echelon_t, rank, cols, rank);
    let core = multiply(d, &left, &right, rank, rank, rank);
    let core = d.inverse(&core, rank)?;
    let tall = multiply(d, &echelon_t, &core, cols, rank, rank);
    let out = multiply(d, &tall, &pivots_t, cols, rank, rows);
    d.note_rank(rank);
    Ok(out)
}

/// The pseudo-inverse if the matrix has full rank: `A⁻¹`, `(Aᵀ A)⁻¹ Aᵀ` or `Aᵀ (A Aᵀ)⁻¹`.
fn full_rank_inverse<D: Domain>(d: &mut D, m: &[D::Elem], rows: usize, cols: usize) -> Result<Vec<D::Elem>, Stop> {
    if rows == cols {
        return d.inverse(m, rows);
    }
    let m_t = transpose(m, rows, cols);
    if rows < cols {
        let gram = multiply(d, m, &m_t, rows, cols, rows);
        let gram = d.inverse(&gram, rows)?;
        Ok(multiply(d, &m_t, &gram, cols, rows, rows))
    } else {
        let gram = multiply(d, &m_t, m, cols, rows, cols);
        let gram = d.inverse(&gram, cols)?;
        Ok(multiply(d, &gram, &m_t, cols, cols, rows))
    }
}

/// The power `A^k` of a square `n × n` matrix by repeated squaring.
pub fn integer_power<D: Domain>(d: &D, m: &[D::Elem], n: usize, k: usize) -> Vec<D::Elem> {
    let mut out = identity(d, n);
    for bit in (0..usize::BITS - k.leading_zeros()).rev() {
        out = multiply(d, &out, &out, n, n, n);
        if k >> bit & 1 == 1 {
            out = multiply(d, &out, m, n, n, n);
        }
    }
    out
}

/// The `n × n` identity matrix.
pub fn identity<D: Domain>(d: &D, n: usize) -> Vec<D::Elem> {
    let mut out = vec![d.zero(); n * n];
    for k in 0..n {
        out[k * n + k] = d.one();
    }
    out
}
