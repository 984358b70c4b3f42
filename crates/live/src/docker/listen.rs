//! What listens in a container: `/proc/net` of its network, as the kernel writes it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use seaworthy_engine::measured::Listener;

/// The states that wait for whoever comes: `TCP_LISTEN`, and an unconnected UDP socket.
const WAITING: [(&str, &str); 2] = [("tcp", "0A"), ("udp", "07")];

/// Where Docker's own name server listens in every network that is not the default one.
const EMBEDDED: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 11));

/// The listeners of one of `/proc/net/{tcp,tcp6,udp,udp6}`; `protocol` is `tcp` or `udp`.
pub(super) fn read(text: &str, protocol: &str) -> Vec<Listener> {
    let waiting = WAITING.iter().find(|(p, _)| *p == protocol).map(|(_, state)| *state);
    let lines = text.lines().skip(1).filter_map(|line| {
        let mut words = line.split_ascii_whitespace().skip(1);
        let (local, _, state) = (words.next()?, words.next()?, words.next()?);
        if Some(state) != waiting {
            return None;
        }
        let (address, port) = local.split_once(':')?;
        let (address, port) = (self::address(address)?, u16::from_str_radix(port, 16).ok()?);
        // The ports that a program is given to ask others from serve nobody.
        let serves = address != EMBEDDED && (protocol == "tcp" || port < 32_768);
        serves.then(|| Listener { port, address: address.to_string(), protocol: protocol.to_owned() })
    });
    lines.collect()
}

/// An address as the kernel writes it: words of 32 bits, each in the order of a little-endian machine.
fn address(hex: &str) -> Option<IpAddr> {
    let word = |n: usize| Some(u32::from_str_radix(hex.get(n * 8..n * 8 + 8)?, 16).ok()?.swap_bytes());
    match hex.len() {
        8 => Some(IpAddr::V4(Ipv4Addr::from_bits(word(0)?))),
        32 => {
            let bits = (0..4).try_fold(0_u128, |bits, n| Some(bits << 32 | u128::from(word(n)?)))?;
            Some(match Ipv6Addr::from_bits(bits).to_ipv4_mapped() {
                Some(v4) => IpAddr::V4(v4),
                None => IpAddr::V6(Ipv6Addr::from_bits(bits)),
            })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_ports() {
        let tcp = "  sl  local_address rem_address   st tx_queue\n   0: 0100007F:1F90 00000000:0000 0A 0:0\n   \
                   1: 00000000:0050 00000000:0000 0A 0:0\n   2: 0B00007F:A001 00000000:0000 0A 0:0\n   \
                   3: 020012C6:0050 010012C6:C350 01 0:0\n";
        let shown: Vec<String> =
            read(tcp, "tcp").iter().map(|l| format!("{}:{}", l.address, l.port)).collect();
        assert_eq!(shown, ["127.0.0.1:8080", "0.0.0.0:80"]);
        let tcp6 = "  sl  local_address\n   0: 00000000000000000000000000000000:1F40 0:0 0A\n   \
                    1: 00000000000000000000000001000000:0051 0:0 0A\n   2: 0000000000000000FFFF00000100007F:0052 0:0 0A\n";
        let shown: Vec<String> =
            read(tcp6, "tcp").iter().map(|l| format!("{} {}", l.address, l.port)).collect();
        assert_eq!(shown, [":: 8000", "::1 81", "127.0.0.1 82"]);
        let udp = "  sl  local_address\n   0: 00000000:0035 00000000:0000 07\n   1: 00000000:D431 00000000:0000 07\n";
        assert_eq!(read(udp, "udp").len(), 1);
        assert!(read("nonsense\n0: zz:zz 0 0A\n", "tcp").is_empty());
    }
}
