"""A local stand-in for Discord, for tests that run the whole bot.

The bot under test is not touched: discord.py speaks real HTTP and a real websocket to `LocalDiscord`, an aiohttp server
on loopback that keeps Discord's rules (deadlines, limits, intents, permissions) and can misbehave on demand. The tests
play the people: they type commands, press buttons, write messages, and read what the bot shows them.

Where to look: `server` has the whole public interface, `clients` points discord.py here, `conftest` has the fixtures,
and `test_local_discord` shows each feature in use. The rest, from the bottom up:

- `errors`, `limits`, `openapi`: what Discord refuses, and with which error code
- `world`: people, servers, channels, messages
- `interactions`: what a person started and what the bot made of it; `acting` builds what Discord's client would send
- `faults`, `ratelimits`, `waiting`: errors on demand, rate-limit buckets, waiting without polling
- `rest`, `gateway`: the two doors the bot comes in by

It knows Discord from its documentation and OpenAPI file; it was never compared with the live service.
"""
