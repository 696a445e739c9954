//! Whether open halfspaces through the origin meet, decided exactly.
//!
//! Rows `a` stand for `a · y > 0`, others for `b · y ≥ 0`. By Motzkin's theorem of the alternative there is such a `y`, or
//! there are `λ ≥ 0` with `∑ λ = 1` and `μ ≥ 0` with `Aᵀλ + Bᵀμ = 0` (Schrijver, *Theory of Linear and Integer Programming*,
//! section 7.8). The second system is given to the simplex method, whose dual solution is a `y` where there is none.

use super::Rational;

/// A row: coefficients by the number of the coordinate, in order.
pub type Row = Vec<(usize, Rational)>;

/// What is known of some halfspaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meeting {
    /// They meet, in this point among others.
    At(Vec<Rational>),
    /// They do not meet.
    Nowhere,
}

/// Whether `a · y > 0` for all rows of `strict` and `b · y ≥ 0` for all rows of `weak` has a solution in so many
/// coordinates, `None` after so many pivots; and the operations with rational numbers that it took.
pub fn meet(strict: &[Row], weak: &[Row], coordinates: usize, pivots: usize) -> (Option<Meeting>, usize) {
    if strict.is_empty() {
        return (Some(Meeting::At(vec![Rational::ZERO; coordinates])), 0);
    }
    let mut work = 0;
    let (columns, rows) = (strict.len() + weak.len(), coordinates + 1);
    // Columns of multipliers, then the artificial ones of the rows, then the right side; the last row holds the costs.
    let width = columns + rows + 1;
    let mut table = vec![vec![Rational::ZERO; width]; rows + 1];
    for (j, row) in strict.iter().chain(weak).enumerate() {
        for (i, c) in row {
            table[*i][j] = c.clone();
        }
        if j < strict.len() {
            table[coordinates][j] = Rational::ONE;
        }
    }
    for i in 0..rows {
        table[i][columns + i] = Rational::ONE;
    }
    table[coordinates][width - 1] = Rational::ONE;
    // The sum of the artificial variables, with those of the basis taken out.
    for j in (0..columns).chain([width - 1]) {
        table[rows][j] = -(0..rows).fold(Rational::ZERO, |sum, i| sum + &table[i][j]);
    }
    let mut basis: Vec<usize> = (columns..columns + rows).collect();
    for _ in 0..pivots {
        // Bland's rule: the first column and, of equal rows, the first variable; it does not go round in circles.
        let Some(enters) = (0..columns + rows).find(|j| table[rows][*j] < Rational::ZERO) else {
            return (Some(read(&table, columns, coordinates)), work);
        };
        let mut leaves: Option<(usize, Rational)> = None;
        for i in 0..rows {
            if table[i][enters] <= Rational::ZERO {
                continue;
            }
            let ratio = &table[i][width - 1] / &table[i][enters];
            let better = match &leaves {
                Some((k, least)) => ratio < *least || ratio == *least && basis[i] < basis[*k],
                None => true,
            };
            if better {
                leaves = Some((i, ratio));
            }
        }
        // The costs are bounded from below by zero.
        let Some((i, _)) = leaves else { break };
        basis[i] = enters;
        work += pivot(&mut table, i, enters);
    }
    (None, work)
}

/// Makes a column a unit vector; the operations that it took.
fn pivot(table: &mut [Vec<Rational>], i: usize, j: usize) -> usize {
    let mut work = table[i].len();
    let inverse = Rational::ONE / table[i][j].clone();
    for x in &mut table[i] {
        if !x.is_zero() {
            *x = &*x * &inverse;
        }
    }
    let row = table[i].clone();
    for (k, other) in table.iter_mut().enumerate() {
        if k == i || other[j].is_zero() {
            continue;
        }
        let factor = other[j].clone();
        for (x, y) in other.iter_mut().zip(&row) {
            if !y.is_zero() {
                *x = &*x - &factor * y;
                work += 1;
            }
        }
    }
    work
}

/// The answer of a table without columns that make the costs less.
fn read(table: &[Vec<Rational>], columns: usize, coordinates: usize) -> Meeting {
    let costs = &table[coordinates + 1];
    // The cost that is left, up to its sign.
    if costs[costs.len() - 1].is_zero() {
        return Meeting::Nowhere;
    }
    // The reduced cost of the artificial column `i` is `1 - π_i` for the dual solution π, and `y = -π`.
    let y = (0..coordinates).map(|i| costs[columns + i].clone() - Rational::ONE);
    Meeting::At(y.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::prime::Random;

    const PIVOTS: usize = 1000;

    fn row(entries: &[i64]) -> Row {
        entries.iter().enumerate().filter(|(_, c)| **c != 0).map(|(i, c)| (i, Rational::from(*c))).collect()
    }

    fn at(row: &Row, y: &[Rational]) -> Rational {
        row.iter().fold(Rational::ZERO, |sum, (i, c)| sum + c * &y[*i])
    }

    #[test]
    fn small_systems() {
        let pair = [row(&[1, -1]), row(&[-1, 1])];
        assert_eq!(meet(&pair, &[], 2, PIVOTS).0, Some(Meeting::Nowhere));
        // x > y, y ≥ z, z ≥ x
        assert_eq!(
            meet(&[row(&[1, -1, 0])], &[row(&[0, 1, -1]), row(&[-1, 0, 1])], 3, PIVOTS).0,
            Some(Meeting::Nowhere)
        );
        assert!(matches!(meet(&[row(&[1, -1, 0]), row(&[0, 1, -1])], &[], 3, PIVOTS).0, Some(Meeting::At(_))));
        assert_eq!(meet(&[row(&[0, 0])], &[], 2, PIVOTS).0, Some(Meeting::Nowhere));
    }

    /// Points fulfil the rows, and rows that a known point fulfils are found to meet.
    #[test]
    fn random_systems() {
        let mut random = Random::new(1, "halfspaces");
        let (mut met, mut apart) = (0, 0);
        for round in 0..400 {
            let n = 1 + (round % 5);
            let mut entry = || random.below(9) as i64 - 4;
            let inner: Vec<i64> = (0..n).map(|_| entry()).collect();
            let rows: Vec<Vec<i64>> = (0..round % 9 + 1).map(|_| (0..n).map(|_| entry()).collect()).collect();
            let value = |r: &Vec<i64>| r.iter().zip(&inner).map(|(a, b)| a * b).sum::<i64>();
            let turned: Vec<Row> = match round % 2 {
                0 => rows.iter().map(|r| row(r)).collect(),
                // Turned so that the known point lies inside.
                _ => rows
                    .iter()
                    .filter(|r| value(r) != 0)
                    .map(|r| row(&r.iter().map(|x| x * value(r).signum()).collect::<Vec<_>>()))
                    .collect(),
            };
            let (strict, weak) = turned.split_at(turned.len().div_ceil(2));
            match meet(strict, weak, n, PIVOTS).0 {
                Some(Meeting::At(y)) => {
                    met += 1;
                    assert!(strict.iter().all(|r| at(r, &y) > Rational::ZERO), "{strict:?} at {y:?}");
                    assert!(weak.iter().all(|r| at(r, &y) >= Rational::ZERO), "{weak:?} at {y:?}");
                }
                Some(Meeting::Nowhere) => {
                    apart += 1;
                    assert_eq!(round % 2, 0, "the point {inner:?} fulfils {strict:?}, {weak:?}");
                }
                None => panic!("pivots"),
            }
        }
        assert!(met > 100 && apart > 20, "{met} {apart}");
    }
}
