# Built in one image, run in another that holds no build tools and no root.
FROM python:3.13-slim AS build
WORKDIR /src
RUN python -m venv /opt/studybot
ENV PATH=/opt/studybot/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
# The lock alone first: this layer stays while only the code changes.
COPY requirements.lock .
RUN pip install --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY adapters adapters
COPY content content
COPY storage storage
# The build backend comes from the lock: nothing unchecked is fetched here.
RUN pip install --no-deps --no-build-isolation .

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /data --create-home studybot
COPY --from=build /opt/studybot /opt/studybot
ENV PATH=/opt/studybot/bin:$PATH PYTHONUNBUFFERED=1 \
    DATABASE_URL=sqlite:////data/studybot.db STUDYBOT_LOG=json
USER studybot
WORKDIR /data
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 CMD ["python", "-c", \
    "import urllib.request as r; r.urlopen('http://127.0.0.1:8080/healthz', timeout=2)"]
ENTRYPOINT ["studybot"]
# Reachable from outside the container, so STUDYBOT_WEB_PASSWORD has to be set.
CMD ["run", "--host", "0.0.0.0", "--port", "8080"]
