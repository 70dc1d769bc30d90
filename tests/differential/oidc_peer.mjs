// An OpenID provider that others wrote, for test_oidc.py: node oidc_peer.mjs FOLDER PORT KEYS, where FOLDER has
// `oidc-provider` installed and KEYS names the keys it signs with.  Prints "ready".
import { createRequire } from "node:module";
import { generateKeyPairSync } from "node:crypto";
import { pathToFileURL } from "node:url";

const [folder, port, generation] = process.argv.slice(2);
const found = createRequire(folder + "/package.json").resolve("oidc-provider");
const { default: Provider } = await import(pathToFileURL(found).href);
const key = (type, options, alg) => ({
  ...generateKeyPairSync(type, options).privateKey.export({ format: "jwk" }), alg, use: "sig", kid: alg + "-" + generation,
});
const audience = "https://api.example.test";
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: ["RS256", "ES256", "EdDSA"].map((alg) => ({
    client_id: "svc-" + alg, client_secret: "only-for-this-test", grant_types: ["client_credentials"], redirect_uris: [],
    response_types: [],
  })),
  jwks: { keys: [key("rsa", { modulusLength: 2048 }, "RS256"), key("ec", { namedCurve: "P-256" }, "ES256"), key("ed25519", {}, "EdDSA")] },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => audience,
      useGrantedResource: () => true,
      getResourceServerInfo: (context, resource, client) => ({
        scope: "read", audience, accessTokenFormat: "jwt", accessTokenTTL: 3600, jwt: { sign: { alg: client.clientId.slice(4) } },
      }),
    },
  },
});
provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));
