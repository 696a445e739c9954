use super::*;
use crate::domain::{Domain, Fun};

fn prime(seed: u64) -> Prime {
    Prime::new(Random::new(seed, "test"), Signs::Free, PseudoInverses::ByRank)
}

#[test]
fn field_axioms_and_primality() {
    let p = prime(1);
    let f = p.field;
    assert!(f.p > 1 << 60 && f.p < 1 << 61 && is_prime(f.p));
    assert!(!is_prime(561) && is_prime(2_147_483_647) && !is_prime(1) && is_prime(2));
    let mut r = Random::new(2, "axioms");
    for _ in 0..200 {
        let (a, b) = (r.below(f.p), r.below(f.p));
        assert_eq!(f.lift(f.embed(a)), a);
        let product = (u128::from(a) * u128::from(b) % u128::from(f.p)) as u64;
        assert_eq!(f.lift(f.mul(f.embed(a), f.embed(b))), product);
        if a != 0 {
            assert_eq!(f.mul(f.embed(a), f.inv(f.embed(a)).unwrap()), f.embed(1));
        }
    }
    let third = f.mul(f.embed(2), f.inv(f.embed(3)).unwrap());
    assert_eq!(f.small_fraction(f.sub(0, third), 100), Some((-2, 3)));
}

#[test]
fn exponentials_and_circular_functions_add() {
    let mut p = prime(3);
    let (x, y) = (p.draw(), p.draw());
    let sum = p.field.add(x, y);
    let whole = p.apply(Fun::Exp, &sum).unwrap();
    let (ex, ey) = (p.apply(Fun::Exp, &x).unwrap(), p.apply(Fun::Exp, &y).unwrap());
    assert_eq!(whole, p.field.mul(ex, ey));
    let (cx, sx) = (p.apply(Fun::Cos, &x).unwrap(), p.apply(Fun::Sin, &x).unwrap());
    let (cy, sy) = (p.apply(Fun::Cos, &y).unwrap(), p.apply(Fun::Sin, &y).unwrap());
    let c = p.apply(Fun::Cos, &sum).unwrap();
    assert_eq!(c, p.field.sub(p.field.mul(cx, cy), p.field.mul(sx, sy)));
    assert_eq!(p.field.add(p.field.mul(cx, cx), p.field.mul(sx, sx)), p.field.one);
    let back = p.apply(Fun::Log, &ex).unwrap();
    assert_eq!(back, x);
    let half = p.field.mul(x, p.field.inv(p.field.embed(2)).unwrap());
    let root = p.apply(Fun::Exp, &half).unwrap();
    assert_eq!(p.field.mul(root, root), ex);
    assert_ne!(ex, ey);
}

#[test]
fn roots_and_signs_see_positive_factors() {
    let mut p = prime(4);
    let a = p.draw_positive();
    let x = p.draw();
    let half = Rational::from_parts(1.into(), 2u8.into());
    let scaled = p.field.mul(p.field.mul(a, a), x);
    let (big, small) = (p.power(&scaled, &half).unwrap(), p.power(&x, &half).unwrap());
    assert_eq!(big, p.field.mul(a, small));
    assert_eq!(p.apply(Fun::Sign, &x).unwrap(), p.field.one, "a radicand is positive where the root is defined");
    let x = p.draw();
    let (s, t) = (p.apply(Fun::Sign, &x).unwrap(), p.apply(Fun::Sign, &p.field.mul(a, x)).unwrap());
    assert_eq!(s, t);
    assert_eq!(p.apply(Fun::Sign, &a).unwrap(), p.field.one);
    let minus = p.neg(&x);
    assert_eq!(p.apply(Fun::Sign, &minus).unwrap(), p.field.sub(0, s));
    let free = p.draw();
    let (u, v) = (p.apply(Fun::Sign, &free).unwrap(), p.apply(Fun::Sign, &p.field.mul(free, x)).unwrap());
    assert_ne!(u, v);
}

#[test]
fn logarithms_undo_exponentials_and_softplus_is_one() {
    let mut p = prime(5);
    let a = p.draw_positive();
    let b = p.draw();
    let log = p.apply(Fun::Log, &a).unwrap();
    let sum = p.field.add(log, b);
    let (whole, part) = (p.apply(Fun::Exp, &sum).unwrap(), p.apply(Fun::Exp, &b).unwrap());
    assert_eq!(whole, p.field.mul(a, part));
    let (up, down) = (p.apply(Fun::Softplus, &b).unwrap(), p.apply(Fun::Softplus, &p.neg(&b)).unwrap());
    assert_eq!(p.field.sub(up, down), b);
}

#[test]
fn false_relations_are_not_imposed() {
    let mut p = prime(6);
    let (x, y) = (p.draw(), p.draw());
    let half = Rational::from_parts(1.into(), 2u8.into());
    let square = p.field.mul(x, x);
    assert_ne!(p.power(&square, &half).unwrap(), x, "the root of a square is not its base");
    let s = p.apply(Fun::Sign, &x).unwrap();
    assert_ne!(p.field.mul(s, s), p.field.one, "a sign may be zero on a piece");
    let sum = p.field.add(x, y);
    let (lx, ly, ls) =
        (p.apply(Fun::Log, &x).unwrap(), p.apply(Fun::Log, &y).unwrap(), p.apply(Fun::Log, &sum).unwrap());
    assert_ne!(ls, p.field.add(lx, ly));
    let (ex, rx) = (p.apply(Fun::Exp, &x).unwrap(), p.power(&x, &half).unwrap());
    assert_ne!(ex, rx);
    assert_ne!(p.apply(Fun::Tanh, &x).unwrap(), p.apply(Fun::Tanh, &y).unwrap());
}

/// Two elements, and true roots where the field has them; other seeds until it does.
fn with_roots(go: impl Fn(&mut Prime, u64, u64) -> Option<()>) {
    let met = (0..64).filter(|&seed| {
        let mut p = prime(seed);
        p.roots = Roots::true_ones();
        let (x, y) = (p.draw(), p.draw());
        go(&mut p, x, y).is_some()
    });
    assert!(met.count() > 4);
}

#[test]
fn true_roots_obey_the_laws_of_positive_numbers() {
    let q = |a: i64, b: u64| Rational::from_parts(a.into(), b.into());
    with_roots(|p, x, y| {
        let (rx, ry) = (p.power(&x, &q(1, 2)).ok()?, p.power(&y, &q(1, 2)).ok()?);
        assert_eq!(p.field.mul(rx, rx), x);
        let product = p.field.mul(x, y);
        assert_eq!(p.power(&product, &q(1, 2)).unwrap(), p.field.mul(rx, ry));
        assert_eq!(p.power(&rx, &q(1, 2)).unwrap(), p.power(&x, &q(1, 4)).unwrap());
        for n in [3, 5, 7, 8, 11, 13] {
            let root = p.power(&x, &q(1, n)).unwrap();
            assert_eq!(p.field.pow(root, n), x, "{n}");
        }
        assert_eq!(p.apply(Fun::Sign, &rx).unwrap(), p.field.one);
        Some(())
    });
}

#[test]
fn numbers_have_the_roots_that_they_have() {
    let half = Rational::from_parts(1.into(), 2u8.into());
    with_roots(|p, _, _| {
        let (two, eight) = (p.field.embed(2), p.field.embed(8));
        let (r2, r8) = (p.power(&two, &half).ok()?, p.power(&eight, &half).ok()?);
        assert_eq!(p.field.mul(r2, r8), p.field.embed(4));
        let seventeen = p.field.embed(17);
        let root = p.power(&seventeen, &half).ok()?;
        assert_eq!(p.field.mul(root, root), seventeen);
        Some(())
    });
}
