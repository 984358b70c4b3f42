# syntax=docker/dockerfile:1

FROM <{ image }> AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=<{ cache }> <{ line }> \
    && rm -f build/libs/*-plain.jar && install -D -m 644 <{ jar }> /out/app.jar

FROM eclipse-temurin:<{ java }>-jre
RUN groupadd --gid 1001 app && useradd --uid 1001 --gid 1001 --no-log-init --create-home app
WORKDIR /app
COPY --from=build /out/app.jar /app/app.jar
USER 1001:1001
<%- if port %>
EXPOSE <{ port }>
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["bash", "-c", <{ health | json }>]
<%- endif %>
# Three quarters of the container's memory, not of the machine's.
ENTRYPOINT ["java", "-XX:MaxRAMPercentage=75", "-jar", "/app/app.jar"]
