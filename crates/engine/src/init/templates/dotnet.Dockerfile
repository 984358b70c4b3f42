# syntax=docker/dockerfile:1

FROM mcr.microsoft.com/dotnet/sdk:<{ version }> AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/root/.nuget/packages \
    dotnet publish <{ project | json }> --configuration Release --output /out -p:UseAppHost=false

FROM mcr.microsoft.com/dotnet/<{ runtime }>:<{ version }>
WORKDIR /app
# Owned by root: the program cannot change its own code.
COPY --from=build /out ./
# The user that the image brings along; diagnostics would write to the root.
ENV DOTNET_EnableDiagnostics=0<% if port %> <% if ports %>ASPNETCORE_HTTP_PORTS=<{ port }><% else %>ASPNETCORE_URLS=http://+:<{ port }><% endif %><% endif %>
USER 1654:1654
<%- if port %>
EXPOSE <{ port }>
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["bash", "-c", <{ health | json }>]
<%- endif %>
ENTRYPOINT ["dotnet", <{ (assembly ~ '.dll') | json }>]
