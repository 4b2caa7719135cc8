// A person with Element's own encryption (matrix-js-sdk), who accepts only devices that their owners have signed.
//
//   node element.mjs FOLDER      FOLDER is where package-lock.json was installed
//
// Speaks JSON, one object a line. Asked {"id": 1, "do": "say", ...} it answers {"id": 1, "done": ...} or {"id": 1,
// "failed": "..."}; what it reads it tells unasked: {"read": {...}}.

import { createInterface } from "node:readline";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const inside = createRequire(join(process.argv[2], "package.json"));
const from = (name) => import(pathToFileURL(inside.resolve(name)).href);
const sdk = await from("matrix-js-sdk");
const crypto = await from("matrix-js-sdk/lib/crypto-api/index.js");
const { logger } = await from("matrix-js-sdk/lib/logger.js");
logger.disableAll();
for (const level of ["log", "info", "warn", "debug", "trace"]) console[level] = () => {};

let client;
const events = new Map();

const tell = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

async function read(event) {
  if (!event.getId() || !event.getRoomId()) return; // who is online, what is typed: no words
  events.set(event.getId(), event);
  if (event.getSender() === client.getUserId() || event.isState()) return;
  if (event.isEncrypted() && event.isBeingDecrypted()) await event.getDecryptionPromise();
  const info = event.isEncrypted() ? await client.getCrypto().getEncryptionInfoForEvent(event) : null;
  tell({
    read: {
      id: event.getId(),
      room: event.getRoomId(),
      sender: event.getSender(),
      kind: event.getType(),
      body: event.getContent().body ?? "",
      encrypted: event.isEncrypted(),
      failure: event.isDecryptionFailure() ? String(event.decryptionFailureReason) : "",
      shield: info === null ? "" : crypto.EventShieldColour[info.shieldColour],
      reason: info?.shieldReason == null ? "" : crypto.EventShieldReason[info.shieldReason],
    },
  });
}

const deeds = {
  async start({ url, user, password, signed }) {
    const door = sdk.createClient({ baseUrl: url });
    const login = await door.loginRequest({
      type: "m.login.password",
      identifier: { type: "m.id.user", user },
      password,
      initial_device_display_name: "Element",
    });
    client = sdk.createClient({
      baseUrl: url,
      accessToken: login.access_token,
      userId: login.user_id,
      deviceId: login.device_id,
    });
    await client.initRustCrypto({ useIndexedDB: false });
    const mode = signed ? new crypto.OnlySignedDevicesIsolationMode() : new crypto.AllDevicesIsolationMode(false);
    client.getCrypto().setDeviceIsolationMode(mode);
    client.on("event", read);
    client.on("Event.decrypted", read);
    const ready = new Promise((resolve) => {
      client.on("sync", (state) => state === "PREPARED" && resolve());
    });
    await client.startClient({ initialSyncLimit: 20 });
    await ready;
    await client.getCrypto().bootstrapCrossSigning({
      authUploadDeviceSigningKeys: async (ask) => {
        try {
          await ask(null);
        } catch (refusal) {
          const session = refusal.data?.session;
          await ask({ type: "m.login.password", identifier: { type: "m.id.user", user }, password, session });
        }
      },
    });
    return { user: login.user_id, device: login.device_id };
  },
  async invite({ bot }) {
    const state = [{ type: "m.room.encryption", state_key: "", content: { algorithm: "m.megolm.v1.aes-sha2" } }];
    const made = await client.createRoom({
      preset: "trusted_private_chat",
      is_direct: true,
      invite: [bot],
      initial_state: state,
    });
    return { room: made.room_id };
  },
  async join({ room }) {
    await client.joinRoom(room);
    return {};
  },
  async members({ room }) {
    const members = client.getRoom(room)?.getMembers() ?? [];
    return Object.fromEntries(members.map((member) => [member.userId, member.membership]));
  },
  async say({ room, text, on }) {
    const content = { msgtype: "m.text", body: text };
    if (on) content["m.relates_to"] = { "m.in_reply_to": { event_id: on } };
    return { event: (await client.sendMessage(room, content)).event_id };
  },
  async react({ room, on, sign }) {
    const content = { "m.relates_to": { rel_type: "m.annotation", event_id: on, key: sign } };
    return { event: (await client.sendEvent(room, "m.reaction", content)).event_id };
  },
  async signed({ user }) {
    const api = client.getCrypto();
    const devices = (await api.getUserDeviceInfo([user], true)).get(user) ?? new Map();
    const signed = [];
    for (const device of devices.keys()) {
      if ((await api.getDeviceVerificationStatus(user, device))?.signedByOwner) signed.push(device);
    }
    return { devices: signed };
  },
  async trust({ user }) {
    const status = await client.getCrypto().getUserVerificationStatus(user);
    return { changed: status.needsUserApproval };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { id, do: deed, ...wish } = JSON.parse(line);
  deeds[deed](wish).then(
    (done) => tell({ id, done }),
    (error) => tell({ id, failed: `${error.name}: ${error.message}` }),
  );
}
process.exit(0);
