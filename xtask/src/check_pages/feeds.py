"""Judges what machines read: Atom feeds by feedparser and the RELAX NG schema of RFC 4287, JSON feeds and sitemaps by their schemas, robots.txt by Python's own
reader. Prints one JSON object a finding.

usage: feeds.py SITE PATH-OF-A-FEED...   (the sitemap and robots.txt are always judged)
"""

import json
import pathlib
import sys
import urllib.request
import urllib.robotparser

import feedparser
import jsonschema
from lxml import etree

HERE = pathlib.Path(__file__).parent
ROBOTS = urllib.robotparser.RobotFileParser()
SITEMAPS = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
ATOM = "{http://www.w3.org/2005/Atom}"


def complain(page, what):
    print(json.dumps({"page": page, "kind": "feed", "what": what}))


def get(site, path):
    with urllib.request.urlopen(site + path) as answer:
        return answer.headers, answer.read()


def atom(site, path):
    headers, body = get(site, path)
    feed = feedparser.parse(body, response_headers=dict(headers))
    if feed.bozo:
        complain(path, f"feedparser: {feed.bozo_exception!r}")
    if not feed.entries:
        complain(path, "no entries, on a site that has posts")
    tree = etree.fromstring(body)
    schema = etree.RelaxNG(etree.parse(str(HERE / "atom.rng")))
    if not schema.validate(tree):
        for error in schema.error_log:
            complain(path, f"RFC 4287, line {error.line}: {error.message}")
    # What no schema can say. 4.1.1: no two alternates of one type and language; 4.2.7.2: a feed says where it is.
    links = [(link.get("rel", "alternate"), link.get("type"), link.get("hreflang")) for link in tree.findall(f"{ATOM}link")]
    if len(set(links)) != len(links) or not any(rel == "self" for rel, _, _ in links):
        complain(path, f"links of the feed: {links}")
    for entry in feed.entries:
        if not entry.get("id", "").startswith("tag:"):
            complain(path, f"an id that is no tag: URI: {entry.get('id')}")
        if "/" in entry.get("link", "")[:1]:
            complain(path, f"a link that is not absolute: {entry.get('link')}")
    if len({entry.id for entry in feed.entries}) != len(feed.entries):
        complain(path, "two entries have one id")


def json_feed(site, path):
    _, body = get(site, path)
    schema = json.loads((HERE / "json_feed.schema.json").read_text())
    for error in jsonschema.Draft202012Validator(schema).iter_errors(json.loads(body)):
        complain(path, f"{error.json_path}: {error.message[:200]}")


def sitemap(site, path):
    _, body = get(site, path)
    tree = etree.fromstring(body)
    name = "sitemap_index.xsd" if tree.tag == f"{SITEMAPS}sitemapindex" else "sitemap.xsd"
    schema = etree.XMLSchema(etree.parse(str(HERE / name)))
    if not schema.validate(tree):
        for error in schema.error_log:
            complain(path, f"line {error.line}: {error.message}")
    addresses = [location.text for location in tree.iter(f"{SITEMAPS}loc")]
    if not addresses:
        complain(path, "lists nothing")
    for address in addresses:
        if not address.startswith(site + "/"):
            complain(path, f"an address of another site: {address}")
        elif name == "sitemap_index.xsd":
            sitemap(site, address.removeprefix(site))
        else:
            urllib.request.urlopen(address).close()
            if not ROBOTS.can_fetch("*", address):
                complain("/robots.txt", f"keeps everybody out of {address}")


def robots(site):
    reader = ROBOTS
    reader.set_url(site + "/robots.txt")
    reader.read()
    if not reader.can_fetch("*", site + "/"):
        complain("/robots.txt", "keeps everybody out of the index")
    if not reader.site_maps():
        complain("/robots.txt", "names no sitemap")
    for address in reader.site_maps() or []:
        sitemap(site, address.removeprefix(site))


site, feeds = sys.argv[1], sys.argv[2:]
for path in feeds:
    try:
        (json_feed if path.endswith(".json") else atom)(site, path)
    except Exception as error:  # a judge that breaks is a finding too
        complain(path, repr(error))
try:
    robots(site)
except Exception as error:
    complain("/robots.txt", repr(error))
