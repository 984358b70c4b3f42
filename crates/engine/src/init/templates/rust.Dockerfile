# syntax=docker/dockerfile:1

FROM rust:<{ rust }>-slim-<{ suite }> AS build
<%- if compiled %>
RUN apt-get update && apt-get install -y --no-install-recommends <{ compiled }> && rm -rf /var/lib/apt/lists/*
<%- endif %>
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    <% for program in programs %><% if not loop.first %> \
    && <% endif %>cargo build --release --locked<% if program.package %> --package <{ program.package }><% endif %> --bin <{ program.name }> && install -D target/release/<{ program.name }> /out/<{ program.name }>
<%- endfor %>
<% for program in programs %>
FROM debian:<{ suite }>-slim<% if several %> AS <{ program.name }><% endif %>
<%- if loaded %>
RUN apt-get update && apt-get install -y --no-install-recommends <{ loaded }> && rm -rf /var/lib/apt/lists/*
<%- endif %>
RUN groupadd --gid 1001 app && useradd --uid 1001 --gid 1001 --no-log-init --create-home app
WORKDIR /app
COPY --from=build /out/<{ program.name }> /usr/local/bin/<{ program.name }>
<%- for directory in opened %>
COPY <{ directory }> ./<{ directory }>
<%- endfor %>
<%- if program.port and program.asks %>
ENV PORT=<{ program.port }>
<%- endif %>
USER 1001:1001
<%- if program.port %>
EXPOSE <{ program.port }>
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["bash", "-c", <{ program.health | json }>]
<%- endif %>
CMD ["<{ program.name }>"]
<% endfor %>
