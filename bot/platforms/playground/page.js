// The page of the playground: draws what the server tells, and sends what people do. It never parses HTML: every node
// is built by hand from an allow-list, and the browser is told (trusted-types) to refuse anything else.

const TAGS = new Set(["b", "i", "u", "s", "code", "pre", "a"]);
const LINKS = /^(?:https?|mailto|tg|matrix):/i;
const ADDRESS = /https?:\/\/[^\s<>"«»“”]+[^\s<>"«»“”.,;:!?)]/g;
const BELL = "M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 2h-15zM10 21h4";
const MUTE = "M4 3.5l16 17";
const ONWARD = "M14 5l6 6-6 6M20 11h-8c-5 0-8 3-8 8";

const $ = (id) => document.getElementById(id);
const phones = new Map(); // account -> everything about one phone
let frame = {}; // language -> name -> words
let jumps = [];
let commands = {};
let page = ""; // the language of the page
let tale = false; // whether there is a story to play
let scene = null; // where the story is now
let views = {}; // name -> the accounts whose phones are shown together
let view = ""; // the one that is shown
let now = new Date();
let socket = null;
let patience = 500; // milliseconds until the next attempt to connect
let noticeTimer = 0;

// -- small tools ----------------------------------------------------------------------------------------------------

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") for (const [event, act] of Object.entries(value)) element.addEventListener(event, act);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

function drawing(...paths) {
  const space = $("dark").firstElementChild.namespaceURI;
  const picture = document.createElementNS(space, "svg");
  picture.setAttribute("viewBox", "0 0 24 24");
  picture.setAttribute("aria-hidden", "true");
  for (const d of paths) {
    const path = document.createElementNS(space, "path");
    path.setAttribute("d", d);
    picture.append(path);
  }
  return picture;
}

const say = (name, language = page) => frame[language]?.[name] ?? frame.en?.[name] ?? "";
// On the frame around the phones some words are others while another view is shown.
const sayHere = (name) => say(`${name}.${view}`) || say(name);

function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // A browser may forbid it; then the choice lasts as long as the page.
  }
}

function remembered(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

const formats = new Map();
function clockOf(instant, zone) {
  if (!formats.has(zone)) {
    const options = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
    formats.set(zone, new Intl.DateTimeFormat("en-GB", { ...options, timeZone: zone }));
  }
  const part = Object.fromEntries(formats.get(zone).formatToParts(instant).map(({ type, value }) => [type, value]));
  return { day: `${part.day}.${part.month}.${part.year}`, time: `${part.hour}:${part.minute}` };
}

function payloadOf(link) {
  try {
    return new URL(link).searchParams.get("start");
  } catch {
    return null;
  }
}

function notice(text, lasting = false) {
  clearTimeout(noticeTimer);
  $("notice").textContent = text;
  $("notice").hidden = !text;
  if (text && !lasting) noticeTimer = setTimeout(() => notice(""), 5000);
}

function send(wish) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(wish));
  else notice(say("lost"), true);
}

// -- text -----------------------------------------------------------------------------------------------------------

function link(address, ...inside) {
  const payload = payloadOf(address);
  if (payload) {
    return make("button", { type: "button", class: "link", on: { click: () => askWhose(payload) } }, ...inside);
  }
  if (!LINKS.test(address)) return make("span", {}, ...inside);
  return make("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, ...inside);
}

function withLinks(text) {
  const parts = [];
  let from = 0;
  for (const found of text.matchAll(ADDRESS)) {
    parts.push(text.slice(from, found.index), link(found[0], found[0]));
    from = found.index + found[0].length;
  }
  return [...parts, text.slice(from)];
}

function built(tree, plain = false) {
  return tree.flatMap((node) => {
    if (typeof node === "string") return plain ? [node] : withLinks(node);
    const inside = built(node.inside, plain || node.tag === "a" || node.tag === "code" || node.tag === "pre");
    if (!TAGS.has(node.tag)) return inside;
    return [node.tag === "a" ? link(node.link ?? "", ...inside) : make(node.tag, {}, ...inside)];
  });
}

// -- one phone ------------------------------------------------------------------------------------------------------

function newPhone(person) {
  const root = $("phone").content.firstElementChild.cloneNode(true);
  const find = (selector) => root.querySelector(selector);
  const phone = {
    ...person,
    root,
    messages: new Map(),
    chatBox: find(".chat"),
    input: find("input"),
    lock: find(".lock"),
    menu: find(".commands"),
    newest: find(".newest"),
    tab: make("button", { type: "button", on: { click: () => choose(person.account) } }),
    language: person.language,
  };
  root.dataset.account = person.account;
  find("h2").id = `name-${person.account}`;
  root.setAttribute("aria-labelledby", find("h2").id);
  find(".composer").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = phone.input.value;
    if (!text.trim()) return;
    phone.input.value = "";
    send({ do: "say", who: person.account, text });
  });
  find(".slash").addEventListener("click", () => openMenu(phone, phone.menu.hidden));
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !phone.menu.hidden) {
      openMenu(phone, false);
      find(".slash").focus();
    }
  });
  phone.newest.addEventListener("click", () => toNewest(phone));
  phone.chatBox.addEventListener("scroll", () => {
    if (atEnd(phone)) phone.newest.hidden = true;
  });
  return phone;
}

const words = (phone, name) => say(name, phone.language || page);
const atEnd = ({ chatBox }) => chatBox.scrollHeight - chatBox.scrollTop - chatBox.clientHeight < 80;

function toNewest(phone) {
  phone.chatBox.scrollTop = phone.chatBox.scrollHeight;
  phone.newest.hidden = true;
}

function dressPhone(phone) {
  const { root, account } = phone;
  const find = (selector) => root.querySelector(selector);
  const name = phone.name[page];
  root.lang = phone.language || page;
  for (const outside of [find(".who"), find("header .switch")]) outside.lang = page;
  find("h2").textContent = name;
  find(".who p").textContent = phone.about[page];
  find(".face").textContent = [...name][0] ?? "";
  fillSwitch(find("header .switch"), phone.language, (language) => send({ do: "language", who: account, language }));
  find("header .switch").setAttribute("aria-label", `${name}: ${say("phone_language")}`);
  find(".lock .unseen").textContent = `${say("lock")}: `;
  find(".lock").title = say("lock");
  phone.chatBox.setAttribute("aria-label", `${name}: ${say("chat")}`);
  phone.input.placeholder = words(phone, "write");
  phone.input.setAttribute("aria-label", `${name}: ${words(phone, "write")}`);
  find(".send").setAttribute("aria-label", words(phone, "send"));
  find(".slash").setAttribute("aria-label", words(phone, "commands"));
  find(".slash").hidden = !Object.keys(menuOf(phone)).length;
  phone.newest.setAttribute("aria-label", words(phone, "newest"));
  phone.tab.replaceChildren(
    make("span", { class: "face", "aria-hidden": "true" }, [...name][0] ?? ""),
    make("span", { class: "name" }, name),
    make("span", { class: "unseen" }, phone.tab.classList.contains("unread") ? say("unread") : ""),
  );
  dressTime(phone);
  drawLock(phone);
}

function dressTime(phone) {
  const time = phone.root.querySelector(".local");
  const { day, time: hour } = clockOf(now, phone.zone);
  time.textContent = hour;
  time.title = day;
  time.dateTime = now.toISOString();
}

const menuOf = (phone) => commands[phone.language || page] ?? commands[page] ?? commands.en ?? {};

function openMenu(phone, open) {
  const follow = atEnd(phone);
  phone.menu.hidden = !open;
  phone.root.querySelector(".slash").setAttribute("aria-expanded", String(open));
  if (!open) return;
  phone.menu.replaceChildren(
    ...Object.entries(menuOf(phone)).map(([command, about]) => {
      const act = () => {
        openMenu(phone, false);
        phone.input.focus();
        send({ do: "say", who: phone.account, text: command });
      };
      return make("button", { type: "button", on: { click: act } }, make("b", {}, command), make("span", {}, about));
    }),
  );
  if (follow) toNewest(phone);
  phone.menu.querySelector("button")?.focus({ preventScroll: true });
}

function drawLock(phone) {
  let latest = null;
  for (const message of phone.messages.values()) if (message.bot && !message.deleted) latest = message;
  phone.lock.classList.toggle("quiet", latest?.silent ?? false);
  phone.lock.querySelector(".first").textContent = latest ? latest.first : say("lock_empty");
}

// -- messages -------------------------------------------------------------------------------------------------------

function drawn(phone, message) {
  if (message.deleted) {
    return make("div", { class: `gone${message.bot === false ? " own" : ""}`, "data-id": message.id }, words(phone, "deleted"));
  }
  const foot = make("div", { class: "foot" });
  if (message.silent) foot.append(make("span", { class: "hush" }, drawing(BELL, MUTE), words(phone, "quiet")));
  if (message.edits) foot.append(make("span", {}, words(phone, "edited")));
  if (message.forwarded) foot.append(make("span", {}, words(phone, "forwarded")));
  foot.append(make("time", { datetime: message.at }, clockOf(new Date(message.at), phone.zone).time));
  if (message.bot && !message.buttons.length && !message.attachment) foot.append(onward(phone, message));
  const bubble = make("div", { class: "bubble" });
  if (message.language) bubble.lang = message.language;
  if (message.attachment) bubble.append(attached(phone, message));
  bubble.append(make("div", { class: "text", dir: "auto" }, ...built(message.text)), foot);
  const box = make("article", { class: `message${message.bot ? "" : " own"}`, "data-id": message.id }, bubble);
  if (message.buttons.length) box.append(keys(phone, message));
  return box;
}

// Only what comes without a question can be forwarded here: news, bulletins.
function onward(phone, message) {
  const act = ({ currentTarget }) => {
    $("pass-text").value = currentTarget.closest(".bubble").querySelector(".text").textContent;
    $("pass-text").lang = message.language;
    askWho($("pass"), (who) => {
      choose(who.account);
      send({ do: "pass", who: who.account, text: $("pass-text").value });
    });
    $("pass-text").setSelectionRange(0, 0);
    $("pass-text").scrollTop = 0;
    $("pass-text").focus();
  };
  const label = words(phone, "forward");
  return make("button", { type: "button", class: "onward", "aria-label": label, title: label, on: { click: act } }, drawing(ONWARD));
}

function attached(phone, message) {
  const { kind, name, picture } = message.attachment;
  if (kind === "picture") return make("img", { class: "picture", src: picture, alt: name });
  if (kind === "qr") return make("img", { src: picture, alt: `${words(phone, "qr")}: ${name}` });
  const address = `file/${encodeURIComponent(phone.account)}/${encodeURIComponent(message.id)}`;
  return make("a", { class: "file", href: address, download: name }, name);
}

function keys(phone, message) {
  const rows = message.buttons.map((row) =>
    make(
      "div",
      { class: "row" },
      ...row.map(({ label, code, link: address }) => {
        if (address && !payloadOf(address)) return link(address, label);
        const act = address
          ? () => askWhose(payloadOf(address))
          : () => send({ do: "press", who: phone.account, message: message.id, code });
        return make("button", { type: "button", "data-code": code, on: { click: act } }, label);
      }),
    ),
  );
  return make("div", { class: "keys", lang: message.language || null }, ...rows);
}

// All of a chat, drawn anew: after connecting, and when the words on the frame change.
function drawChat(phone) {
  const before = phone.chatBox.scrollTop;
  const stay = phone.chatBox.childElementCount > 0 && !atEnd(phone);
  const focus = focused(phone);
  phone.chatBox.replaceChildren();
  phone.day = "";
  for (const message of phone.messages.values()) append(phone, message);
  if (!phone.messages.size) {
    const act = () => send({ do: "start", who: phone.account, payload: "" });
    phone.chatBox.append(
      make("div", { class: "nothing" }, make("p", {}, words(phone, "nothing")), make("button", { type: "button", on: { click: act } }, words(phone, "start"))),
    );
  }
  phone.chatBox.scrollTop = stay ? before : phone.chatBox.scrollHeight;
  refocus(phone, focus);
}

function append(phone, message) {
  const { day } = clockOf(new Date(message.at), phone.zone);
  if (day !== phone.day) phone.chatBox.append(make("div", { class: "day" }, day));
  phone.day = day;
  const element = drawn(phone, message);
  phone.chatBox.append(element);
  return element;
}

// Somebody who uses the keyboard stands on a button; when its message is drawn anew they must not fall off the page.
function focused(phone) {
  const active = document.activeElement;
  if (!phone.chatBox.contains(active) || active === phone.chatBox) return null;
  return { id: active.closest("[data-id]")?.dataset.id, code: active.dataset.code };
}

function refocus(phone, focus) {
  if (!focus) return;
  const boxes = [...phone.chatBox.querySelectorAll("[data-id]")];
  const from = boxes.findIndex((box) => box.dataset.id === focus.id);
  // The same button, or else the first one of its message or of what came after it, or else the line for words.
  const choices = from < 0 ? [] : boxes.slice(from).flatMap((box) => [...box.querySelectorAll("button, a")]);
  const same = choices.find((choice) => focus.code && choice.dataset.code === focus.code && boxes[from].contains(choice));
  (same ?? choices[0] ?? phone.input).focus({ preventScroll: true });
}

function arrived(kind, message) {
  const phone = phones.get(message.account);
  if (!phone) return;
  const known = phone.messages.get(message.id);
  const follow = atEnd(phone);
  if (message.deleted && known) message = { ...message, bot: known.bot };
  const focus = focused(phone);
  const first = !phone.messages.size;
  phone.messages.set(message.id, message);
  let element = null;
  if (known) {
    const old = [...phone.chatBox.querySelectorAll("[data-id]")].find((one) => one.dataset.id === message.id);
    element = drawn(phone, message);
    element.classList.add("changed");
    old?.replaceWith(element);
  } else {
    if (first) phone.chatBox.replaceChildren();
    element = append(phone, message);
    element.classList.add("fresh");
  }
  refocus(phone, first && focus ? { id: message.id } : focus);
  if (message.bot && message.language && message.language !== phone.language) {
    phone.language = message.language;
    dressPhone(phone);
    drawChat(phone);
  }
  drawLock(phone);
  if (follow || message.bot === false) toNewest(phone);
  else if (kind === "new") phone.newest.hidden = false;
  if (kind === "new" && message.bot) heard(phone, message);
}

function heard(phone, message) {
  $("heard").textContent = `${phone.name[page]}: ${message.first}`;
  phone.lock.classList.remove("ringing");
  if (!message.silent) {
    void phone.lock.offsetWidth; // lets the movement begin anew
    phone.lock.classList.add("ringing");
  }
  if (!phone.root.classList.contains("current")) {
    phone.tab.classList.add("unread");
    phone.tab.querySelector(".unseen").textContent = say("unread");
  }
}

// -- the page -------------------------------------------------------------------------------------------------------

function fillSwitch(box, chosen, act) {
  const standing = box.contains(document.activeElement) ? document.activeElement.dataset.language : null;
  box.replaceChildren(
    ...Object.keys(frame).map((language) => {
      const attributes = {
        type: "button",
        lang: language,
        "data-language": language,
        "aria-pressed": String(language === chosen),
        "aria-label": say("language", language),
        title: say("language", language),
        on: { click: () => act(language) },
      };
      return make("button", attributes, say("short", language));
    }),
  );
  if (standing) box.querySelector(`[data-language="${standing}"]`)?.focus();
}

function dressPage() {
  document.documentElement.lang = page;
  document.title = `Payvand · ${say("title")}`;
  for (const element of document.querySelectorAll("[data-say]")) element.textContent = sayHere(element.dataset.say);
  for (const element of document.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", say(element.dataset.label));
    if (element.matches("button")) element.title = say(element.dataset.label);
  }
  const first = phones.get(views[view]?.[0]);
  $("intro").textContent = sayHere("intro").replace("{name}", first?.name[page] ?? "");
  fillSwitch($("page-language"), page, (language) => {
    page = language;
    remember("language", language);
    dressPage();
    for (const phone of phones.values()) if (!phone.language) drawChat(phone);
  });
  $("jumps").replaceChildren(
    ...jumps.map((minutes) => {
      const long = say(`jump.${minutes}.long`);
      const act = () => send({ do: "forward", minutes });
      return make("button", { type: "button", "data-minutes": minutes, "aria-label": long, title: long, on: { click: act } }, say(`jump.${minutes}`));
    }),
  );
  for (const phone of phones.values()) dressPhone(phone);
  dressViews();
  dressClock();
  dressScene();
}

function dressViews() {
  $("views").hidden = Object.keys(views).length < 2;
  const standing = $("views").contains(document.activeElement);
  $("views").replaceChildren(
    ...Object.keys(views).map((name) => {
      const act = () => {
        remember("view", name);
        show(name);
      };
      return make("button", { type: "button", "data-view": name, "aria-pressed": String(name === view), on: { click: act } }, say(`view.${name}`));
    }),
  );
  if (standing) $("views").querySelector('[aria-pressed="true"]')?.focus();
  for (const list of document.querySelectorAll("ul[data-view]")) list.hidden = list.dataset.view !== (view || "family");
}

// Show the phones of a view: those whom it names, in its order.
function show(name) {
  view = name;
  const shown = views[view].map((account) => phones.get(account));
  $("phones").replaceChildren(...shown.map((phone) => phone.root));
  $("tabs").replaceChildren(...shown.map((phone) => phone.tab));
  dressPage();
  choose(shown[0]?.account);
  for (const phone of shown) toNewest(phone);
}

function dressScene() {
  $("play").hidden = !tale;
  $("play").textContent = say(scene ? "stop" : "play");
  $("scene").hidden = !scene;
  $("intro").hidden = Boolean(scene);
  if (!scene) return;
  $("scene-number").textContent = say("scene").replace("{scene}", scene.number).replace("{all}", scene.of);
  $("scene-caption").textContent = scene.caption[page];
}

function dressClock() {
  const [first] = phones.values();
  const { day, time } = clockOf(now, first?.zone ?? "UTC");
  $("now").replaceChildren(make("span", {}, day), time);
  $("now").dateTime = now.toISOString();
  for (const phone of phones.values()) dressTime(phone);
}

function choose(account) {
  for (const phone of phones.values()) {
    const current = phone.account === account;
    phone.root.classList.toggle("current", current);
    phone.tab.setAttribute("aria-current", String(current));
    if (!current) continue;
    phone.tab.classList.remove("unread");
    phone.tab.querySelector(".unseen")?.replaceChildren();
    toNewest(phone);
  }
}

function askWhose(payload) {
  askWho($("whose"), (phone) => {
    choose(phone.account);
    phone.input.focus();
    send({ do: "start", who: phone.account, payload });
  });
}

// Let one of the phones that are shown be chosen in a dialog.
function askWho(dialog, act) {
  dialog.querySelector(".whose").replaceChildren(
    ...views[view].map((account) => {
      const phone = phones.get(account);
      const chosen = () => {
        dialog.close();
        act(phone);
      };
      const face = make("span", { class: "face", "aria-hidden": "true" }, [...phone.name[page]][0] ?? "");
      return make("button", { type: "button", "data-account": account, on: { click: chosen } }, face, phone.name[page]);
    }),
  );
  dialog.showModal();
}

function paint(dark) {
  document.documentElement.classList.toggle("dark", dark);
  $("dark").setAttribute("aria-pressed", String(dark));
}

function firstLanguage() {
  const wished = [remembered("language"), ...navigator.languages.map((one) => one.slice(0, 2))];
  return wished.find((one) => one in frame) ?? "en";
}

function hello(news) {
  ({ frame, jumps, commands, tale, scene, views } = news);
  page ||= firstLanguage();
  now = new Date(news.now);
  const same = news.cast.length === phones.size && news.cast.every(({ account }) => phones.has(account));
  if (!same) {
    phones.clear();
    for (const person of news.cast) phones.set(person.account, newPhone(person));
  }
  for (const { account, chat, language } of news.cast) {
    const phone = phones.get(account);
    phone.messages = new Map(chat.map((message) => [message.id, message]));
    phone.language = chat.reduce((last, message) => (message.bot && message.language) || last, language);
  }
  if (same) dressPage();
  else show([view, remembered("view")].find((name) => name in views) ?? Object.keys(views)[0]);
  for (const phone of phones.values()) drawChat(phone);
  document.body.dataset.ready = "true";
}

function connect() {
  const address = new URL("live", location.href);
  address.protocol = "ws:";
  socket = new WebSocket(address);
  socket.addEventListener("open", () => {
    patience = 500;
    notice("");
  });
  socket.addEventListener("message", ({ data }) => {
    const news = JSON.parse(data);
    if (news.type === "hello") return hello(news);
    if (news.type === "trouble") return notice(say("trouble"));
    now = new Date(news.now);
    dressClock();
    if (news.type === "scene") {
      ({ scene } = news);
      return dressScene();
    }
    if (news.message) arrived(news.type, news.message);
  });
  socket.addEventListener("close", () => {
    notice(say("lost") || "…", true);
    setTimeout(connect, patience);
    patience = Math.min(patience * 2, 5000);
  });
}

const system = matchMedia("(prefers-color-scheme: dark)");
const chosen = remembered("dark");
paint(chosen === null ? system.matches : chosen === "yes");
system.addEventListener("change", ({ matches }) => {
  if (remembered("dark") === null) paint(matches);
});
$("dark").addEventListener("click", () => {
  const dark = !document.documentElement.classList.contains("dark");
  paint(dark);
  remember("dark", dark ? "yes" : "no");
});
$("play").addEventListener("click", () => send(scene ? { do: "stop" } : { do: "play", view }));
// The community's time also passes by itself; a question every ten seconds keeps the clocks right.
setInterval(() => {
  if (socket?.readyState === WebSocket.OPEN) send({ do: "now" });
}, 10_000);
connect();
