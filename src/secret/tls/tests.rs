//! Pairs made by openssl. TEST ONLY: these private keys are public.

use super::*;

macro_rules! pem {
    ($name:literal) => {
        include_str!(concat!("test-only/", $name))
    };
}

fn fits(certificates: &str, key: &str) -> Result<TlsPair, TlsFault> {
    pair(&Plain::from(certificates), &Plain::from(key))
}

#[test]
fn keys_of_every_form_fit_their_certificate() {
    for (certificate, key) in [
        (pem!("rsa.crt"), pem!("rsa.pem")),
        (pem!("rsa.crt"), pem!("rsa1.pem")),
        (pem!("ec.crt"), pem!("ec1.pem")),
        (pem!("ec.crt"), pem!("ec8.pem")),
        (pem!("ed.crt"), pem!("ed.pem")),
    ] {
        assert!(fits(certificate, key).unwrap().compared, "{key}");
        let crlf = |text: &str| text.replace('\n', "\r\n");
        assert!(fits(&crlf(certificate), &crlf(key)).unwrap().compared);
    }
    // What openssl prints before the key is no matter.
    let parameters = format!(
        "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n{}",
        pem!("ec1.pem")
    );
    assert!(fits(pem!("ec.crt"), &parameters).unwrap().compared);
}

#[test]
fn what_does_not_fit_is_told() {
    for (certificate, key) in [
        (pem!("rsa.crt"), pem!("ec1.pem")),
        (pem!("ed.crt"), pem!("ec8.pem")),
        (pem!("ec.crt"), pem!("ed.pem")),
    ] {
        assert_eq!(fits(certificate, key), Err(TlsFault::Foreign));
    }
    let chain = format!("{}{}{}", pem!("rsa.crt"), pem!("ec.crt"), pem!("ed.crt"));
    assert!(fits(&chain, pem!("rsa.pem")).unwrap().compared);
    assert_eq!(fits(&chain, pem!("ed.pem")), Err(TlsFault::Order(3)));
    assert_eq!(fits(pem!("ec.crt"), pem!("enc.pem")), Err(TlsFault::Passphrase));
    assert_eq!(fits(pem!("rsa.crt"), pem!("enc1.pem")), Err(TlsFault::Passphrase));
    assert_eq!(fits(pem!("ec1.pem"), pem!("ec.crt")), Err(TlsFault::NoCertificate));
    assert_eq!(fits(pem!("ec.crt"), pem!("ec.crt")), Err(TlsFault::NoKey));
    assert_eq!(fits(pem!("ec.crt"), &pem!("ec1.pem")[..100]), Err(TlsFault::DamagedKey));
    assert_eq!(fits(&pem!("ec.crt")[..100], pem!("ec1.pem")), Err(TlsFault::DamagedCertificate));
    let both = format!("{}{}", pem!("ec.crt"), pem!("ec1.pem"));
    assert_eq!(fits(&both, pem!("ec1.pem")), Err(TlsFault::KeyBeside));
    let damaged = pem!("ec.crt").replace("MIIB", "MIIC");
    assert_eq!(fits(&damaged, pem!("ec1.pem")), Err(TlsFault::DamagedCertificate));
}

/// No key is called wrong that cannot be compared.
#[test]
fn other_kinds_are_let_pass_uncompared() {
    assert!(!fits(pem!("ed448.crt"), pem!("ed448.pem")).unwrap().compared);
    assert!(!fits(pem!("ec.crt"), pem!("ecnopub.pem")).unwrap().compared, "its public half is left out");
}

#[test]
fn validity_is_read() {
    let ed = fits(pem!("ed.crt"), pem!("ed.pem")).unwrap();
    let at = |seconds| Moment { seconds };
    let begin = 1_795_670_033;
    assert_eq!(ed.validity.as_ref().unwrap().0, at(begin).to_string());
    assert!(!ed.is_valid(at(begin - 1)) && ed.is_valid(at(begin)) && ed.is_valid(at(begin + 30 * 86_400)));
    assert!(!ed.is_valid(at(begin + 30 * 86_400 + 1)));
    let ec = fits(pem!("ec.crt"), pem!("ec1.pem")).unwrap();
    assert!(ec.validity.as_ref().unwrap().1.starts_with("2126-"), "a time of the second form");
}
