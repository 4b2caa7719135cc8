"""Payvand, a bot for families torn apart by a blackout. This is the map of the house; every room says what it is for.

bot/domain/      what is true whatever the platform, the database or the language
bot/i18n.py      sentences made without a language, spoken late in the reader's
bot/outbox/      every message leaves through here, at the pace each platform allows
bot/jobs/        slow work, done outside any transaction
bot/platforms/   a platform translates; it never decides
bot/app.py       the composition root: the one place where everybody meets
bot/village.py   the fictional community of the playground; bot/story.py has its stories,
                 bot/acting.py plays them, bot/demo.py opens it
bot/founding.py  `payvand init`; bot/checkup.py is `payvand check`, bot/succession.py `payvand succession`,
                 bot/rights.py `payvand role`
bot/organiser.py `payvand organiser-key` and bot/packet.py `payvand packet`, on an organiser's own machine;
                 bot/petition_verification.py `payvand verify`, by anybody; bot/dossier.py a petition's files
bot/__main__.py  the command line
handlers/        a handler reads, asks the rules, writes, and returns what to say; family/, search/, updates/ and
                 petitions/ are the rooms of its features
storage/         rows in, rows out; the only package that speaks SQL and holds keys
locales/         the sentences in Tajik and Russian; the English ones are the msgids
"""
