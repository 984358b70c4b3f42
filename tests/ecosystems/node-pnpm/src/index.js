import { createServer } from "node:http";
import { nanoid } from "nanoid";

const server = createServer((request, response) => response.end(nanoid()));
server.listen(4000);
process.on("SIGTERM", () => server.close());
