// What an application does with @supabase/supabase-js, unchanged, against a project; prints one JSON object of answers.
import { createClient } from "@supabase/supabase-js";

const { url, key, adminKey, email, password } = JSON.parse(Deno.args[0]);
const quiet = { auth: { persistSession: false, autoRefreshToken: false } };
const admin = createClient(url, adminKey, quiet);
const client = createClient(url, key, quiet);
const answers: Record<string, unknown> = {};

// deno-lint-ignore no-explicit-any
async function note(name: string, work: Promise<any>, show: (data: any) => unknown = (data) => data) {
  const { data, error } = await work;
  answers[name] = error ? { error: error.code ?? error.name, message: error.message, status: error.status } : show(data);
  return data;
}

const created = await note(
  "create user",
  admin.auth.admin.createUser({ email, password, email_confirm: true, app_metadata: { team: "red" } }),
  (data) => data.user.email,
);
const id = created.user.id;
await note("list users", admin.auth.admin.listUsers(), (data) => data.users.some((user: { id: string }) => user.id === id));
await note("wrong password", client.auth.signInWithPassword({ email, password: "wrong" }));
const first = await note(
  "sign in",
  client.auth.signInWithPassword({ email, password }),
  (data) => [data.user.id === id, data.user.app_metadata.team, data.session.token_type],
);
await note("claims", client.auth.getClaims(), (data) => [data.claims.sub === id, data.header.alg]);
await note("user", client.auth.getUser(), (data) => data.user.email);
await note("update user", client.auth.updateUser({ data: { theme: "dark" } }), (data) => data.user.user_metadata.theme);
await note(
  "refresh",
  client.auth.refreshSession(),
  (data) => data.session.refresh_token !== first.session.refresh_token,
);

await note("insert", client.from("notes").insert({ body: "from js" }).select("body").single());
await note("select", client.from("notes").select("body", { count: "exact" }));
const counted = await client.from("notes").select("*", { count: "exact", head: true });
answers["count"] = counted.count;
await note("update", client.from("notes").update({ body: "changed" }).eq("body", "from js").select("body"));
await note("rpc", client.rpc("whoami"), (data) => data.role);
await note("missing table", client.from("no_such_table").select(), () => "found");

const own = client.storage.from("own");
const path = `${id}/folder/hello world.txt`;
await note("upload text", own.upload(path, "hello", { contentType: "text/plain" }), (data) => data.path === path);
const blob = new Blob([new Uint8Array([1, 2, 3])], { type: "application/x-bytes" });
await note("upload blob", own.upload(`${id}/blob.bin`, blob, { metadata: { made: "here" } }), (data) => data.fullPath === `own/${id}/blob.bin`);
await note("upload twice", own.upload(path, "again"));
await note("upsert", own.upload(path, "hello again", { contentType: "text/plain", upsert: true }), () => true);
await note("upload elsewhere", own.upload("elsewhere/x.txt", "x"));
answers["download"] = await (await own.download(path)).data?.text();
await note("list", own.list(id), (data) => data.map((entry: { name: string; id: unknown }) => [entry.name, entry.id === null]));
await note("list paged", own.listV2({ prefix: `${id}/`, with_delimiter: true }), (data) => [data.objects.length, data.folders.length, data.hasNext]);
await note("info", own.info(`${id}/blob.bin`), (data) => [data.size, data.contentType, data.metadata]);
await note("exists", own.exists(path));
answers["exists not"] = (await own.exists(`${id}/nothing`)).data;
const signed = await note("sign", own.createSignedUrl(path, 60), (data) => data.signedUrl.startsWith(`${url}/storage/v1/object/sign/own/`));
answers["signed download"] = await (await fetch(signed.signedUrl)).text();
const upload = await note("sign upload", own.createSignedUploadUrl(`${id}/later.txt`), (data) => typeof data.token);
await note("signed upload", own.uploadToSignedUrl(`${id}/later.txt`, upload.token, "later"), (data) => data.path);
await note("copy", own.copy(path, `${id}/copy.txt`), (data) => data.path);
await note("move", own.move(`${id}/copy.txt`, `${id}/moved.txt`), (data) => data.message);
await note("remove", own.remove([path, `${id}/moved.txt`]), (data) => data.length);
await note("public upload", admin.storage.from("open").upload(`${id}.json`, '{"open":true}', { contentType: "application/json" }), () => true);
const open = client.storage.from("open").getPublicUrl(`${id}.json`).data.publicUrl;
const cached = [];
for (let turn = 0; turn < 2; turn++) {
  const response = await fetch(open);
  cached.push([response.headers.get("cf-cache-status"), await response.json()]);
}
answers["public"] = cached;
await note("create bucket", admin.storage.createBucket(`b-${id}`, { public: false, fileSizeLimit: "1MB" }));
await note("bucket", admin.storage.getBucket(`b-${id}`), (data) => [data.public, data.file_size_limit]);
await note("delete bucket", admin.storage.deleteBucket(`b-${id}`));

await note("invoke", client.functions.invoke("echo", { body: { hello: "there" } }), (data) => [data.method, data.path, data.text]);
await note("invoke missing", client.functions.invoke("nothing", { body: {} }), () => "found");
await note("sign out", client.auth.signOut(), () => "out");
const stale = await client.auth.setSession({ access_token: first.session.access_token, refresh_token: first.session.refresh_token });
answers["after sign-out"] = stale.error?.name ?? "still in";
await note("anonymous", client.auth.signInAnonymously({ options: { data: { from: "js" } } }), (data) => [data.user.is_anonymous, data.user.user_metadata.from]);
await note("anonymous rpc", client.rpc("whoami"), (data) => [data.role, data.claims.is_anonymous]);
await note("sign up", createClient(url, key, quiet).auth.signUp({ email: `new-${email}`, password }), (data) => data.session !== null);
const sneaky = createClient(url, key, quiet);
await note("admin as nobody", sneaky.auth.admin.listUsers(), () => "listed");
await note("delete user", admin.auth.admin.deleteUser(id), () => "deleted");
await note("sign in after deletion", client.auth.signInWithPassword({ email, password }));

console.log(JSON.stringify(answers));
