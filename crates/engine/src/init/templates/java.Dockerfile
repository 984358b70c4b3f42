# syntax=docker/dockerfile:1

FROM <{ image }> AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=<{ cache }> <{ lines | join(" \\\n    && ") }>

FROM eclipse-temurin:<{ java }>-jre
RUN groupadd --gid 1001 app && useradd --uid 1001 --gid 1001 --no-log-init --create-home app
WORKDIR /app
# Owned by root: the program cannot change its own code.
COPY --from=build /out ./
USER 1001:1001
<%- if port %>
EXPOSE <{ port }>
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["bash", "-c", <{ health | json }>]
<%- endif %>
# Three quarters of the container's memory, not of the machine's.
ENTRYPOINT <{ command | json }>
