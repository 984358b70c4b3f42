const server = require("http").createServer((_, response) => response.end("ok\n"));
server.listen(3000, "0.0.0.0");
process.on("SIGTERM", () => server.close(() => process.exit(0)));
