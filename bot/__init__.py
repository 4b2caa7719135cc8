"""Payvand: who is safe, what is true, what we ask for, and this is the map of the house.

Who may look into which room (``lint-imports`` holds it): a room looks only into rooms that stand below it here.

``bot.__main__``   the command line
``bot.app``        plugs everybody together; ``bot.founding`` makes a community, ``bot.checkup`` looks it over
``handlers``       hear a person, ask the rules, write, and return what to say
``bot.platforms``  translate between a messenger and us; ``handlers`` and they have never heard of each other
``bot.outbox``     every message leaves through here, at the pace each platform allows
``storage``        rows in, rows out: the only SQL, the only keys
``bot.i18n``       sentences without a language, spoken late; beside it ``bot.settings`` and ``bot.logs``
``bot.domain``     what is true whatever the platform, the database or the language

One message from end to end: a platform makes an ``Incoming``; ``handlers.router`` answers it inside one transaction
of ``storage`` with ``Outgoing`` lines; the commit wakes ``bot.outbox``, which speaks each line in its reader's
language and hands a ``Parcel`` to a platform's ``Courier``. Only after the commit is the message acknowledged.
"""
