# syntax=docker/dockerfile:1

FROM <% if cgo %>golang<% else %>--platform=$BUILDPLATFORM golang<% endif %>:<{ go }>-<{ 'bookworm' if cgo else 'trixie' }> AS build
WORKDIR /src
<%- if not vendored %>
# What changes seldom comes first: this layer stays cached until the modules change.
COPY go.mod<% if sums %> go.sum<% endif %> ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
<%- endif %>
COPY . .
<%- if not cgo %>
ARG TARGETOS TARGETARCH
<%- endif %>
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    <% if not cgo %>export CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
    && <% endif %>
<%- for program in programs %><% if not loop.first %> \
    && <% endif %>go build -trimpath -ldflags='-s -w' -o /out/<{ program.name }> <{ program.package }>
<%- endfor %>
<% for program in programs %>
FROM gcr.io/distroless/<{ 'base' if cgo else 'static' }>-debian12:nonroot<% if several %> AS <{ program.name }><% endif %>
COPY --from=build /out/<{ program.name }> /app/<{ program.name }>
# Owned by root, since it is there already: the program cannot change its own code.
WORKDIR /app
<%- for directory in opened %>
COPY <{ directory }> ./<{ directory }>
<%- endfor %>
<%- if program.port %>
# The one tool of the image: it asks the program whether it serves.
COPY --from=busybox:1.37-musl /bin/busybox /app/<{ "wget" if program.route else "nc" }>
<%- if program.asks %>
ENV PORT=<{ program.port }>
<%- endif %>
<%- endif %>
USER 65532:65532
<%- if program.port %>
EXPOSE <{ program.port }>
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 \
<%- if program.route %>
    CMD ["/app/wget", "-q", "-O", "/dev/null", "http://127.0.0.1:<{ program.port }><{ program.route }>"]
<%- else %>
    CMD ["/app/nc", "-z", "127.0.0.1", "<{ program.port }>"]
<%- endif %>
<%- endif %>
ENTRYPOINT ["/app/<{ program.name }>"]
<% endfor %>
