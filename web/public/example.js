import { createChainClient } from "./trawl-client.js";

const client = createChainClient();
client.listen(({ type, data }) => {
  if (type === "scrape_progress") show(`run ${data.run_id}: ${data.platform ?? "all"} ${data.phase} ${data.current}/${data.total}`);
});
client.onStatus(() => (document.getElementById("connection").value = client.getStatus().transport ?? "none"));

function show(text) {
  const line = document.createElement("li");
  line.textContent = text;
  document.getElementById("messages").prepend(line);
}
