//! A short load on what listens, from outside the container, and what it answers.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use seaworthy_engine::measured::Listener;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How long a connection, and an answer, may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long the load lasts.
const LASTS: Duration = Duration::from_millis(1_200);
/// How many ask at once, and how often each at most.
const CLIENTS: usize = 8;
const REQUESTS: usize = 40;

/// What a port answers to a request for `/` by HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// A status.
    Http(u16),
    /// Something else, or nothing, on a connection that was taken.
    Open,
    /// No connection.
    Closed,
}

impl Answer {
    /// Whether a trial that answers this, where the container as it is answers `before`, serves as well.
    pub(super) fn is_as_good_as(self, before: Self) -> bool {
        match (before, self) {
            (Self::Closed, _) => true,
            (Self::Http(before), Self::Http(now)) => before >= 500 || now < 500,
            (Self::Http(_), _) | (_, Self::Closed) => false,
            (Self::Open, _) => true,
        }
    }
}

/// The ports that others reach.
pub(super) fn open_ports(listens: &[Listener]) -> Vec<u16> {
    let mut ports: Vec<u16> =
        listens.iter().filter(|l| l.protocol == "tcp" && !l.is_loopback()).map(|l| l.port).collect();
    ports.sort_unstable();
    ports.dedup();
    ports
}

/// Asks every port once.
pub(super) async fn ask_all(address: &str, ports: &[u16]) -> BTreeMap<u16, Answer> {
    let asked = ports.iter().map(async |port| (*port, ask(address, *port).await));
    join_all(asked).await.into_iter().collect()
}

/// Asks the ports that take connections, all at once, for a little more than a second. Returns how many requests there were.
pub(super) async fn press(address: &str, answers: &BTreeMap<u16, Answer>) -> usize {
    let ports: Vec<u16> = answers.iter().filter(|(_, a)| **a != Answer::Closed).map(|(p, _)| *p).collect();
    if ports.is_empty() {
        tokio::time::sleep(LASTS).await;
        return 0;
    }
    let until = Instant::now() + LASTS;
    let clients = (0..CLIENTS).map(async |client| {
        let mut asked = 0;
        while asked < REQUESTS && Instant::now() < until {
            ask(address, ports[(client + asked) % ports.len()]).await;
            asked += 1;
        }
        asked
    });
    join_all(clients).await.into_iter().sum()
}

async fn ask(address: &str, port: u16) -> Answer {
    let connect = tokio::time::timeout(PATIENCE, TcpStream::connect((address, port))).await;
    let Ok(Ok(mut stream)) = connect else { return Answer::Closed };
    let talk = async {
        let request = format!("GET / HTTP/1.0\r\nHost: {address}:{port}\r\nUser-Agent: seaworthy\r\n\r\n");
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.ok()?;
        let rest = answer.strip_prefix(b"HTTP/1.")?;
        let status = std::str::from_utf8(rest.get(2..5)?).ok()?.parse().ok()?;
        // The rest is read as a client would; how long it is does not matter.
        let mut sink = [0; 4_096];
        let mut left = 256;
        while left > 0 && stream.read(&mut sink).await.ok()? > 0 {
            left -= 1;
        }
        Some(status)
    };
    // Whoever speaks something else waits for more, or says so and hangs up.
    match tokio::time::timeout(PATIENCE, talk).await {
        Ok(Some(status)) => Answer::Http(status),
        _ => Answer::Open,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_serves_as_well() {
        let cases = [
            (Answer::Http(200), Answer::Http(404), true),
            (Answer::Http(200), Answer::Http(500), false),
            (Answer::Http(503), Answer::Http(500), true),
            (Answer::Http(200), Answer::Open, false),
            (Answer::Open, Answer::Closed, false),
            (Answer::Closed, Answer::Closed, true),
        ];
        for (before, now, good) in cases {
            assert_eq!(now.is_as_good_as(before), good, "{before:?} {now:?}");
        }
    }
}
