use std::io::{Read, Write};
use std::net::TcpListener;

fn main() -> std::io::Result<()> {
    for stream in TcpListener::bind("0.0.0.0:9000")?.incoming() {
        let mut stream = stream?;
        let mut request = [0; 1024];
        let _ = stream.read(&mut request)?;
        let _ = stream.write_all(b"HTTP/1.0 200 OK\r\n\r\nok");
    }
    Ok(())
}
