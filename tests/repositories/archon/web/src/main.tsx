const server = import.meta.env.VITE_ARCHON_SERVER_HOST ?? "localhost";

document.body.textContent = `talks to ${server}`;
