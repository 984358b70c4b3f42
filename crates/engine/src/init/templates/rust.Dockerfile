# syntax=docker/dockerfile:1

FROM rust:<{ rust }>-slim-trixie AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    cargo build --release --locked<% if package %> --package <{ package }><% endif %> --bin <{ name }> && install -D target/release/<{ name }> /out/<{ name }>

FROM debian:trixie-slim
RUN groupadd --gid 1001 app && useradd --uid 1001 --gid 1001 --no-log-init --create-home app
WORKDIR /app
COPY --from=build /out/<{ name }> /usr/local/bin/<{ name }>
USER 1001:1001
<%- if port %>
EXPOSE <{ port }>
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["bash", "-c", <{ health | json }>]
<%- endif %>
CMD ["<{ name }>"]
