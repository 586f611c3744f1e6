-- Tells Prosody 13 where the other servers of a lab are: its own resolver would ask the machine's DNS server, which knows
-- nothing of them. Whoever is not in the list is nowhere, so that what is sent there bounces at once.
--   lab_peers = "e.test=127.0.77.2"   a name stands for itself and every name below it
local manual = require "prosody.net.resolvers.manual";

local port = module:get_option_integer("lab_peers_port");
local peers = {};
for domain, ip in module:get_option_string("lab_peers", ""):gmatch("(%S+)=(%S+)") do
	peers[domain] = ip;
end

local function address_of(host)
	while host do
		if peers[host] then return peers[host]; end
		host = host:match("%.(.+)");
	end
end

module:hook("s2sout-pre-connect", function (event)
	local ip = address_of(event.session.to_host);
	event.resolver = manual.new(ip and { { "tcp4", ip, port, {} } } or {}, "tcp", {});
end);
