# syntax=docker/dockerfile:1

FROM <% if cgo %>golang<% else %>--platform=$BUILDPLATFORM golang<% endif %>:<{ go }>-<{ 'bookworm' if cgo else 'trixie' }> AS build
WORKDIR /src
<%- if not vendored %>
# What changes seldom comes first: this layer stays cached until the modules change.
COPY go.mod<% if sums %> go.sum<% endif %> ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
<%- endif %>
COPY . .
<%- if cgo %>
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    go build -trimpath -ldflags='-s -w' -o /out/app <{ package }>

FROM gcr.io/distroless/base-debian12:nonroot
<%- else %>
ARG TARGETOS TARGETARCH
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -ldflags='-s -w' -o /out/app <{ package }>

FROM gcr.io/distroless/static-debian12:nonroot
<%- endif %>
WORKDIR /app
COPY --from=build /out/app /app/app
<%- if port %>
# The one tool of the image: it asks the program whether it serves.
COPY --from=busybox:1.37-musl /bin/busybox /app/<{ "wget" if route else "nc" }>
<%- endif %>
USER 65532:65532
<%- if port %>
EXPOSE <{ port }>
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 \
<%- if route %>
    CMD ["/app/wget", "-q", "-O", "/dev/null", "http://127.0.0.1:<{ port }><{ route }>"]
<%- else %>
    CMD ["/app/nc", "-z", "127.0.0.1", "<{ port }>"]
<%- endif %>
<%- endif %>
ENTRYPOINT ["/app/app"]
