import { createServer } from "http";

const port: number = Number(process.env.PORT ?? 8080);
const server = createServer((_, response) => {
  response.end("ok\n");
});
server.listen(port);
process.on("SIGTERM", () => server.close());
