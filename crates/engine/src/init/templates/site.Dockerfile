# syntax=docker/dockerfile:1

FROM nginxinc/nginx-unprivileged:1.30-alpine
COPY <{ root }> /usr/share/nginx/html
USER 101:101
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --retries=3 \
    CMD ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8080/"]
