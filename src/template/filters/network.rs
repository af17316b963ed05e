//! CIDR arithmetic, IPv4 and IPv6.

use super::text::shown;
use crate::template::convert::error;
use ipnet::IpNet;
use minijinja::{Error, Value};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub(super) fn table() -> Vec<(&'static str, Value)> {
    vec![
        ("cidr_contains", Value::from_function(cidr_contains)),
        ("cidr_host", Value::from_function(cidr_host)),
        ("cidr_netmask", Value::from_function(cidr_netmask)),
        ("cidr_subnet", Value::from_function(cidr_subnet)),
    ]
}

fn network(text: &str) -> Result<IpNet, Error> {
    let parsed = text.parse::<IpNet>().map(|n| n.trunc());
    parsed.map_err(|_| error(format!("{} is no network such as `10.0.0.0/16`", shown(text))))
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits()),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

/// The address with this number in the family of another.
fn address(number: u128, like: IpAddr) -> Option<IpAddr> {
    match like {
        IpAddr::V4(_) => u32::try_from(number).ok().map(|n| IpAddr::V4(Ipv4Addr::from_bits(n))),
        IpAddr::V6(_) => Some(IpAddr::V6(Ipv6Addr::from_bits(number))),
    }
}

/// The `n`th address of the network from 0; a negative one counts from the end.
fn cidr_host(value: &str, n: i64) -> Result<String, Error> {
    let net = network(value)?;
    let (first, last) = (number(net.network()), number(net.broadcast()));
    let step = u128::from(n.unsigned_abs());
    let found = if n >= 0 { first.checked_add(step) } else { last.checked_sub(step - 1) };
    found
        .filter(|a| (first..=last).contains(a))
        .and_then(|a| address(a, net.addr()))
        .map(|a| a.to_string())
        .ok_or_else(|| error(format!("{net} has no address number {n}")))
}

/// The `n`th network from 0 whose prefix is `bits` longer.
fn cidr_subnet(value: &str, bits: u8, n: u64) -> Result<String, Error> {
    let net = network(value)?;
    let length = net.prefix_len().checked_add(bits).filter(|l| *l <= net.max_prefix_len());
    let length = length.ok_or_else(|| error(format!("{net} cannot be longer by {bits} bits")))?;
    let n = u128::from(n);
    if u32::from(bits) < 64 && n >= 1 << bits {
        return Err(error(format!("{net} has only {} networks of /{length}", 1_u128 << bits)));
    }
    let shift = u32::from(net.max_prefix_len() - length);
    let start = n.checked_shl(shift).unwrap_or(0) | number(net.network());
    let found = address(start, net.addr()).and_then(|a| IpNet::new(a, length).ok());
    found.map(|n| n.to_string()).ok_or_else(|| error(format!("{net} has no such network")))
}

/// `255.255.0.0`
fn cidr_netmask(value: &str) -> Result<String, Error> {
    Ok(network(value)?.netmask().to_string())
}

/// Does the network contain an address, or a whole network?
fn cidr_contains(value: &str, inner: &str) -> Result<bool, Error> {
    let net = network(value)?;
    if inner.contains('/') {
        return Ok(net.contains(&network(inner)?));
    }
    let address: IpAddr =
        inner.parse().map_err(|_| error(format!("{} is no address such as `10.0.0.1`", shown(inner))))?;
    Ok(net.contains(&address))
}
