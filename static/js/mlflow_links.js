/* Links that MLflow's clients print, as /w/NAME/#/experiments/3/runs/ID: what stands behind # never reaches the server.
   Home sends the browser on to an address that does; the sign-in page hands it to the page that opens afterwards. */
const link = /^#(\/experiments\/\d{1,18}(?:\/(?:runs|models)\/[\w.-]{1,256})?)(?:[/?].*)?$/;
const next = document.querySelector("[data-goes-on]");

function follow() {
  const asked = link.exec(location.hash);
  if (!asked) return;
  if (next) next.value = (next.value.split("#")[0] || "/") + location.hash;
  else location.replace(`${location.pathname}mlflow${asked[1]}/`);
}

follow();
addEventListener("hashchange", follow);
