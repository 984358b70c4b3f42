//! Encodings and digests.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use seaworthy_syntax::bytes_of;
use sha2::Digest;

/// The bytes a text stands for: those of a file that is no UTF-8 are carried as characters.
fn bytes(text: &str) -> Vec<u8> {
    bytes_of(text).unwrap_or_else(|| text.as_bytes().to_vec())
}

pub(crate) fn base64(text: &str) -> String {
    STANDARD.encode(bytes(text))
}

pub(crate) fn unbase64(text: &str) -> String {
    match STANDARD.decode(text.replace(['\n', '\r'], "")) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(_) => "illegal base64 data at input byte 0".to_owned(),
    }
}

pub(crate) fn base32(text: &str) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut out = String::new();
    for chunk in bytes(text).chunks(5) {
        let mut block = [0; 5];
        block[..chunk.len()].copy_from_slice(chunk);
        let bits = block.iter().fold(0_u64, |bits, b| bits << 8 | u64::from(*b));
        let filled = (chunk.len() * 8).div_ceil(5);
        for n in 0..8 {
            let at = (bits >> (35 - 5 * n)) & 31;
            out.push(if n < filled { ALPHABET[at as usize] as char } else { '=' });
        }
    }
    out
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

pub(crate) fn sha256(text: &str) -> String {
    hex(&sha2::Sha256::digest(bytes(text)))
}

pub(crate) fn sha512(text: &str) -> String {
    hex(&sha2::Sha512::digest(bytes(text)))
}

pub(crate) fn adler32(text: &str) -> String {
    let (a, b) = bytes(text).iter().fold((1_u32, 0_u32), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65_521;
        (a, (a + b) % 65_521)
    });
    (b << 16 | a).to_string()
}

/// SHA-1, which names of resources are made of: nothing rests on its strength.
pub(crate) fn sha1(text: &str) -> String {
    let mut message = bytes(text);
    let length = message.len() as u64 * 8;
    message.push(0x80);
    while message.len() % 64 != 56 {
        message.push(0);
    }
    message.extend_from_slice(&length.to_be_bytes());
    let mut state = [0x6745_2301_u32, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
    for block in message.chunks_exact(64) {
        let mut words = [0_u32; 80];
        for (word, bytes) in words.iter_mut().zip(block.chunks_exact(4)) {
            *word = bytes.iter().fold(0, |w, b| w << 8 | u32::from(*b));
        }
        for n in 16..80 {
            words[n] = (words[n - 3] ^ words[n - 8] ^ words[n - 14] ^ words[n - 16]).rotate_left(1);
        }
        let mut round = state;
        for (n, word) in words.iter().enumerate() {
            let [first, x, y, z, last] = round;
            let (mixed, constant) = match n {
                0..20 => (x & y | !x & z, 0x5a82_7999),
                20..40 => (x ^ y ^ z, 0x6ed9_eba1),
                40..60 => (x & y | x & z | y & z, 0x8f1b_bcdc),
                _ => (x ^ y ^ z, 0xca62_c1d6_u32),
            };
            let next = first
                .rotate_left(5)
                .wrapping_add(mixed)
                .wrapping_add(last)
                .wrapping_add(constant)
                .wrapping_add(*word);
            round = [next, first, x.rotate_left(30), y, z];
        }
        for (sum, value) in state.iter_mut().zip(round) {
            *sum = sum.wrapping_add(value);
        }
    }
    hex(&state.iter().flat_map(|word| word.to_be_bytes()).collect::<Vec<_>>())
}

pub(crate) fn url_query(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(byte as char),
            b' ' => out.push('+'),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn digests_are_those_of_everybody() {
        assert_eq!(super::sha1("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(super::adler32("abc"), "38600999");
        assert_eq!(super::base32("abc"), "MFRGG===");
    }
}
