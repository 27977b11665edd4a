# The same job for Scrapy: follow every link of the host, each page once, and write title, h1 and count of links as a line.
# scrapy runspider spider.py -a url=URL -O FILE.jsonl
#
# Links are read by a selector and deduplicated before they become requests, which takes half the time of Scrapy's
# LinkExtractor and filter of duplicates: it is Scrapy at its best that Trawl is compared with.
from urllib.parse import urldefrag, urljoin, urlsplit

import scrapy


class Pages(scrapy.Spider):
    name = "pages"
    custom_settings = {
        "CONCURRENT_REQUESTS": 32,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 32,
        "COOKIES_ENABLED": False,
        "DOWNLOAD_DELAY": 0,
        "LOG_LEVEL": "ERROR",
        "REQUEST_FINGERPRINTER_IMPLEMENTATION": "2.7",
        "ROBOTSTXT_OBEY": False,
        "TELNETCONSOLE_ENABLED": False,
    }

    def __init__(self, url):
        super().__init__(start_urls=[url])
        self.host = urlsplit(url).netloc
        self.known = {url}

    def parse(self, response):
        if not isinstance(response, scrapy.http.HtmlResponse):
            return
        links = response.css("a::attr(href)").getall()
        yield {
            "url": response.url,
            "title": response.css("title::text").get(),
            "h1": response.css("h1::text").get(),
            "links": len(links),
        }
        for link in links:
            url = urldefrag(urljoin(response.url, link)).url
            if url in self.known:
                continue
            self.known.add(url)
            if urlsplit(url).netloc == self.host:
                yield scrapy.Request(url)
