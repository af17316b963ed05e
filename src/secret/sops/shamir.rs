//! Shamir's secret sharing over GF(2⁸) with the polynomial x⁸+x⁴+x³+x+1, as SOPS splits a data key among key groups: each
//! part is as long as the secret, and its x-coordinate is one more byte at its end.

use crate::plain::Plain;

/// The secret of parts, of which there must be as many as were needed; fewer give another secret. `None` if they do not
/// belong together: other lengths, or one twice.
pub(super) fn combine(parts: &[Plain]) -> Option<Plain> {
    let length = parts.first()?.len();
    let same = parts.iter().all(|part| part.len() == length);
    let points: Vec<u8> = parts.iter().filter_map(|part| part.last().copied()).collect();
    let distinct = points.iter().enumerate().all(|(at, x)| *x != 0 && !points[..at].contains(x));
    if length < 2 || !same || !distinct {
        return None;
    }
    let weights: Vec<u8> = (0..points.len()).map(|at| weight(&points, at)).collect();
    let byte = |at: usize| parts.iter().zip(&weights).fold(0, |sum, (part, w)| sum ^ times(part[at], *w));
    Some(Plain::new((0..length - 1).map(byte).collect()))
}

/// The factor of a part: Lagrange's polynomial at 0.
fn weight(points: &[u8], at: usize) -> u8 {
    let others = points.iter().enumerate().filter(|(other, _)| *other != at);
    others.fold(1, |product, (_, x)| times(product, times(*x, inverse(*x ^ points[at]))))
}

/// The product of two elements; the time it takes does not depend on them.
fn times(a: u8, b: u8) -> u8 {
    (0..8).rev().fold(0_u8, |product, bit| {
        let carry = (product >> 7).wrapping_neg() & 0x1b;
        ((product << 1) ^ carry) ^ ((b >> bit) & 1).wrapping_neg() & a
    })
}

/// The inverse of an element that is not 0: its 254th power.
fn inverse(a: u8) -> u8 {
    (0..7)
        .fold((1, a), |(power, square), _| {
            let square = times(square, square);
            (times(power, square), square)
        })
        .0
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_field_is_that_of_aes() {
        assert_eq!(times(0x57, 0x83), 0xc1, "FIPS 197, section 4.2");
        assert_eq!(times(0x57, 0x13), 0xfe);
        assert!((1..=255).all(|a| times(a, inverse(a)) == 1));
    }

    /// Parts of a secret: a polynomial for each byte, evaluated at 1, 2, ….
    fn split(secret: &[u8], coefficients: &[Vec<u8>], parts: u8) -> Vec<Plain> {
        let value = |at: usize, x: u8| {
            coefficients[at]
                .iter()
                .fold((secret[at], x), |(sum, power), c| (sum ^ times(*c, power), times(power, x)))
                .0
        };
        let part = |x: u8| Plain::new((0..secret.len()).map(|at| value(at, x)).chain([x]).collect());
        (1..=parts).map(part).collect()
    }

    proptest! {
        #[test]
        fn enough_parts_give_the_secret(
            secret in proptest::collection::vec(any::<u8>(), 1..40),
            degree in 1..4_usize,
            random in proptest::collection::vec(any::<u8>(), 160),
            extra in 0..3_u8,
        ) {
            let coefficients: Vec<Vec<u8>> = random.chunks(4).map(|chunk| chunk[..degree].to_vec()).collect();
            let needed = u8::try_from(degree).unwrap() + 1;
            let parts = split(&secret, &coefficients, needed + extra);
            let last = &parts[usize::from(extra)..];
            let secret = Plain::new(secret);
            prop_assert_eq!(combine(last).unwrap(), secret.clone());
            prop_assert_eq!(combine(&parts).unwrap(), secret);
        }
    }

    #[test]
    fn parts_that_do_not_belong_together_are_refused() {
        let part = |bytes: &[u8]| Plain::from(bytes);
        assert!(combine(&[]).is_none());
        assert!(combine(&[part(&[1, 2]), part(&[1, 2])]).is_none(), "one twice");
        assert!(combine(&[part(&[1, 2]), part(&[1, 1, 3])]).is_none(), "other lengths");
        assert!(combine(&[part(&[1, 0]), part(&[1, 3])]).is_none(), "the secret itself");
    }
}
