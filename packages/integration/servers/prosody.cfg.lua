-- Prosody 0.12 and 13 for the live tests. Prosody hands every environment variable X to this file as ENV_X;
-- src/prosody.ts sets the COUPLET_* ones.
local domain, dir, ip, certs = ENV_COUPLET_DOMAIN, ENV_COUPLET_DIR, ENV_COUPLET_IP, ENV_COUPLET_CERTS
local is_13 = ENV_COUPLET_GENERATION == "13"

run_as_root = true                    -- an ordinary foreground process, whoever starts it
pidfile = dir .. "/prosody.pid"
data_path = dir .. "/data"
admin_socket = dir .. "/admin.sock"   -- a unix socket's path must stay below 108 bytes
log = { { levels = { min = ENV_COUPLET_LOG }, to = "console" } }
storage = "internal"                  -- files: fast enough, and they survive restart()
storage_archive_item_limit = 1000000  -- at the default of 10,000 every message rewrites a file, and soak runs write more

-- Listeners. The same ports on every server's own loopback address.
use_ipv6 = false
interfaces = { ip }
http_interfaces = { ip }
https_interfaces = { ip }
component_interfaces = { ip }
ssl_interfaces = { ip }
ports = {}
c2s_ports = { ENV_COUPLET_C2S }
c2s_direct_tls_ports = { ENV_COUPLET_DIRECT_TLS }
http_ports = { ENV_COUPLET_HTTP }
https_ports = { ENV_COUPLET_HTTPS }
component_ports = { ENV_COUPLET_COMPONENT }
ssl_ports = { ENV_COUPLET_ALPN }      -- net_multiplex: the only TLS port on which Prosody negotiates ALPN (XEP-0368)

-- TLS. Without an "ssl" option of its own a host is served the certificate named after it in this folder, or this one.
certificates = certs
ssl = {
	certificate = certs .. "/" .. domain .. ".crt", key = certs .. "/" .. domain .. ".key", cafile = certs .. "/ca.crt",
	verify = { "peer" }, verifyext = { "lsec_continue", "lsec_ignore_purpose" }, -- ask for a client certificate, never insist
}
https_ssl = { verify = "none" }       -- a browser would ask its user which certificate to send
c2s_require_encryption = true
allow_unencrypted_plain_auth = false
-- Binding type tls-server-end-point (XEP-0440), 13 only. The value "auto" works for the first connection only in 13.0.1.
tls_server_end_point_hash = ENV_COUPLET_CERT_SHA256

-- HTTP. The upload service names the server by address, which is in the certificate: tests need no DNS for it.
http_default_host = domain            -- requests to the bare address reach this host too
http_external_url = "https://" .. ip .. ":" .. ENV_COUPLET_HTTPS .. "/"
consider_bosh_secure = true           -- plain http on loopback: browsers cannot be given the test CA
consider_websocket_secure = true
bosh_max_inactivity = 30

authentication = "internal_plain"     -- serves PLAIN, SCRAM-SHA-1, SCRAM-SHA-256 and, over TLS, their -PLUS forms
allow_registration = true
registration_invite_only = false      -- with an invitation or without
allow_user_invites = true             -- invitations of contacts are good for registering, too
admins = { "admin@" .. domain }       -- may invite people to register
registration_throttle_max = 1000
registration_throttle_period = 1
archive_expires_after = "1w"
max_archive_query_results = 50
smacks_hibernation_time = 60
smacks_max_unacked_stanzas = 5
push_notification_with_body = true

-- Nobody listens there: clients only ask for them (XEP-0215).
external_services = {
	{ type = "stun", transport = "udp", host = "192.0.2.1", port = 3478 },
	{ type = "turn", transport = "udp", host = "192.0.2.1", port = 3478, secret = "lab", ttl = 3600 },
}

-- A list of our own: options cannot be read back in this file once they are set.
local modules = {
	"admin_shell", "net_multiplex", "roster", "saslauth", "tls", "disco", "presence", "message", "iq",
	"blocklist", "bookmarks", "carbons", "cloud_notify", "csi", "csi_simple", "external_services", "lastactivity", "mam",
	"offline", "pep",
	"ping", "private", "register_ibr", "user_account_management", "smacks", "time", "vcard4", "vcard_legacy", "version",
	"bosh", "http", "websocket",
	"invites", "invites_adhoc", "invites_register",
}
if is_13 then -- 0.12's community mod_sasl2 ends every connection with a traceback: SASL2 needs 13
	for _, name in Lua.ipairs({ "sasl2", "sasl2_bind2", "sasl2_fast", "sasl2_sm", "http_altconnect" }) do
		modules[#modules + 1] = name
	end
end
local peers = ENV_COUPLET_PEERS and "lab_peers" -- components have modules of their own
if peers then -- 13 only: a lab whose servers talk to each other, and prove their names by certificates
	plugin_paths = { ENV_COUPLET_PLUGINS }
	lab_peers, lab_peers_port = ENV_COUPLET_PEERS, ENV_COUPLET_S2S
	s2s_ports = { ENV_COUPLET_S2S }
	s2s_direct_tls_ports = {}
	s2s_require_encryption = true
	s2s_secure_auth = true
	for _, name in Lua.ipairs({ "s2s", "s2s_auth_certs", peers }) do
		modules[#modules + 1] = name
	end
else
	modules_disabled = { "s2s" } -- it loads itself; without it stanzas to other domains bounce at once instead of waiting for DNS
end
modules_enabled = modules

VirtualHost(domain)
VirtualHost("sha256." .. domain)
	authentication = "internal_hashed"
	password_hash = "SHA-256"
VirtualHost("anon." .. domain)
	authentication = "anonymous"
VirtualHost("cert." .. domain)
	authentication = "ccert"
	certificate_match = "xmppaddr"
-- What a server of ten years ago offered: RFC 6120 and little more.
VirtualHost("old." .. domain)
	modules_disabled = {
		"sasl2", "sasl2_bind2", "sasl2_fast", "sasl2_sm", "smacks", "mam", "carbons", "csi", "csi_simple", "cloud_notify",
		"bookmarks",
	}
-- Served with a certificate that ended yesterday, and with one for another name: no client may log in here.
-- "ssl" is for STARTTLS, the other option for SNI on the direct TLS port.
local function bad(name)
	return { certificate = certs .. "/" .. name .. ".crt", key = certs .. "/" .. name .. ".key" }
end
VirtualHost("expired." .. domain)
	ssl = bad("expired")
	c2s_direct_tls_ssl = bad("expired")
VirtualHost("wrong." .. domain)
	ssl = bad("wrong")
	c2s_direct_tls_ssl = bad("wrong")

-- The calls are curried: Component("name", "muc") would silently ignore the module.
Component("rooms." .. domain) "muc"
	-- 13 serves room avatars itself, 0.12 by a community module
	modules_enabled = is_13 and { "muc_mam", "muc_moderation", peers } or { "muc_mam", "muc_moderation", "vcard_muc" }
	muc_log_by_default = true
	muc_room_default_public = true
Component("pubsub." .. domain) "pubsub"
	modules_enabled = { peers }
Component("upload." .. domain) "http_file_share"
	http_host = domain -- otherwise the slots' URLs name one HTTP host and the handler listens on another: 404
	http_file_share_size_limit = 10 * 1024 * 1024
	http_file_share_daily_quota = 1024 * 1024 * 1024
Component("component." .. domain)
	component_secret = ENV_COUPLET_COMPONENT_SECRET
