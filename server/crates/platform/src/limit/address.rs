//! Whose request it is, by the socket and by the proxies that are trusted.

use reqwest::header::HeaderMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// The client behind a connection: the peer itself, unless the peer is one of `trusted`; then the rightmost address of `X-Forwarded-For`
/// that is not. Everything left of it was written by somebody we have no reason to believe; other headers are not read, because a proxy that
/// appends to this one passes them through as the client sent them.
pub fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|proxy| proxy.to_canonical() == address);
    let mut client = peer.to_canonical();
    if !is_trusted(client) {
        return client;
    }
    let lines: Vec<&str> = headers.get_all("x-forwarded-for").iter().map(|line| line.to_str().unwrap_or("")).collect();
    for entry in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
        // What cannot be read was not written by the proxy we trust, or it is broken: stop at the last one known.
        let Some(address) = forwarded(entry.trim()) else { break };
        client = address;
        if !is_trusted(client) {
            break;
        }
    }
    client
}

/// An entry of the header: an address, with a port or without.
fn forwarded(entry: &str) -> Option<IpAddr> {
    let bare =
        || entry.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(entry).parse::<IpAddr>().ok();
    bare()
        .or_else(|| entry.parse::<SocketAddr>().ok().map(|with_port| with_port.ip()))
        .map(|address| address.to_canonical())
}

/// An address as one key: IPv6 by its /64, which is what one customer of a provider gets.
pub fn address_key(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("{}/64", Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::{HeaderName, HeaderValue};

    fn headers(list: &[(&str, &str)]) -> HeaderMap {
        list.iter()
            .map(|(name, value)| (HeaderName::try_from(*name).unwrap(), HeaderValue::from_str(value).unwrap()))
            .collect()
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// C-16: what a client writes into headers does not change who it is.
    #[test]
    fn spoofed_headers_change_nothing() {
        let shapes: [&[(&str, &str)]; 24] = [
            &[("x-forwarded-for", "1.2.3.4")],
            &[("x-forwarded-for", "1.2.3.4, 5.6.7.8")],
            &[("x-forwarded-for", "10.0.0.1")],
            &[("x-forwarded-for", "127.0.0.1")],
            &[("x-forwarded-for", "::1")],
            &[("x-forwarded-for", "[::1]:80")],
            &[("x-forwarded-for", "unknown")],
            &[("x-forwarded-for", "")],
            &[("x-forwarded-for", ",,,")],
            &[("x-forwarded-for", "203.0.113.9, 10.0.0.1")],
            &[("x-forwarded-for", "1.2.3.4"), ("x-forwarded-for", "10.0.0.1")],
            &[("forwarded", "for=1.2.3.4")],
            &[("forwarded", "for=\"[2001:db8::1]\";proto=https")],
            &[("x-real-ip", "1.2.3.4")],
            &[("x-client-ip", "1.2.3.4")],
            &[("x-cluster-client-ip", "1.2.3.4")],
            &[("true-client-ip", "1.2.3.4")],
            &[("cf-connecting-ip", "1.2.3.4")],
            &[("fastly-client-ip", "1.2.3.4")],
            &[("x-forwarded", "1.2.3.4")],
            &[("forwarded-for", "1.2.3.4")],
            &[("x-originating-ip", "1.2.3.4")],
            &[("via", "1.1 1.2.3.4")],
            &[("x-forwarded-for", "1.2.3.4"), ("forwarded", "for=5.6.7.8"), ("x-real-ip", "9.9.9.9")],
        ];
        let peer = ip("198.51.100.7");
        for shape in shapes {
            let headers = headers(shape);
            assert_eq!(client_address(peer, &headers, &[ip("10.0.0.1")]), peer, "{shape:?}");
            // Through a proxy that appends the true peer, the same holds but for what the proxy itself wrote.
            let mut through = headers.clone();
            through.append("x-forwarded-for", HeaderValue::from_static("198.51.100.7"));
            assert_eq!(client_address(ip("10.0.0.1"), &through, &[ip("10.0.0.1")]), peer, "{shape:?}");
        }
    }

    #[test]
    fn behind_trusted_proxies_the_rightmost_stranger_counts() {
        let trusted = [ip("10.0.0.1"), ip("10.0.0.2")];
        let cases = [
            ("203.0.113.9", "203.0.113.9"),
            ("1.1.1.1, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
            ("203.0.113.9:4711", "203.0.113.9"),
            ("[2001:db8::7]:443", "2001:db8::7"),
            ("2001:db8::7", "2001:db8::7"),
            ("::ffff:203.0.113.9", "203.0.113.9"),
            ("10.0.0.2", "10.0.0.2"),
            ("203.0.113.9, nonsense", "10.0.0.1"),
            ("203.0.113.9, nonsense, 10.0.0.2", "10.0.0.2"),
            ("", "10.0.0.1"),
        ];
        for (header, expected) in cases {
            assert_eq!(
                client_address(ip("10.0.0.1"), &headers(&[("x-forwarded-for", header)]), &trusted),
                ip(expected),
                "{header}"
            );
        }
        assert_eq!(
            client_address(ip("::ffff:10.0.0.1"), &headers(&[("x-forwarded-for", "203.0.113.9")]), &trusted),
            ip("203.0.113.9")
        );
    }

    #[test]
    fn addresses_of_one_customer_are_one_key() {
        assert_eq!(address_key(ip("2001:db8:1:2:3:4:5:6")), address_key(ip("2001:db8:1:2:ffff::1")));
        assert_ne!(address_key(ip("2001:db8:1:2::1")), address_key(ip("2001:db8:1:3::1")));
        assert_eq!(address_key(ip("::ffff:192.0.2.1")), "192.0.2.1");
    }
}
