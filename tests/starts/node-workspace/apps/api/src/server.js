const { ok } = require("@shop/words");
const server = require("http").createServer((request, response) => response.end(request.url === "/health" ? ok : ""));
server.listen(process.env.PORT || 3000);
process.on("SIGTERM", () => server.close(() => process.exit(0)));
