"""Payvand, a bot for families torn apart by a blackout. This is the map of the house; every room says what it is for.

bot/domain/      what is true whatever the platform, the database or the language
bot/i18n.py      sentences made without a language, spoken late in the reader's; bot/countries.py names of countries
bot/settings.py  what an operator decided; bot/logs.py what the program may say about itself
bot/outbox/      every message leaves through here, at the pace each platform allows
bot/jobs/        slow work, done outside any transaction
bot/platforms/   a platform translates; it never decides
bot/app.py       the composition root: the one place where everybody meets
bot/serving.py   `payvand run`: the accounts that the settings name
bot/village.py   the fictional community of the playground; bot/story.py has its stories,
                 bot/acting.py plays them, bot/demo.py opens it
bot/founding.py  `payvand init`; bot/checkup.py is `payvand check`, bot/succession.py `payvand succession`,
                 bot/rights.py `payvand role`, bot/lists.py `payvand import-list` and `export-list`,
                 bot/publishing.py `payvand publish`
bot/dossier.py   a petition's files; bot/exporting.py streams them out, bot/petition_page.py is their page
bot/organiser.py `payvand organiser-key`; bot/packet.py `payvand packet` and bot/packet_pages.py its pages: on an
                 organiser's own machine
bot/verification.py and bot/petition_verification.py are `payvand verify`, by anybody
bot/__main__.py  the command line
handlers/        a handler reads, asks the rules, writes, and returns what to say; family/, search/, updates/ and
                 petitions/ are the rooms of its features
storage/         rows in, rows out; the only package that speaks SQL and holds keys
locales/         the sentences in Tajik and Russian; the English ones are the msgids
"""
