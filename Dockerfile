# The desk's own processes for more than one machine: web, worker and beat from one image (see compose.yaml).
FROM python:3.11-slim-bookworm
ENV DESK_VENV=off DESK_VAR=/srv/var PYTHONUNBUFFERED=1
WORKDIR /srv/desk
COPY requirements/base.txt requirements/base.txt
RUN pip install --no-cache-dir --require-hashes -r requirements/base.txt
COPY manage.py ./
COPY desk desk
COPY followups followups
COPY templates templates
RUN useradd --system --home-dir /srv/var desk && install -d -o desk -m 700 /srv/var
USER desk
# The static files go into the image; the key of this one step is thrown away with it.
RUN SECRET_KEY=build python manage.py collectstatic --noinput -v0 && rm -f /srv/var/keys.json
CMD ["python", "-m", "gunicorn", "desk.wsgi:application", "--worker-class", "gthread", "--workers", "2", \
     "--threads", "8", "--timeout", "60", "--no-control-socket", "--bind", "0.0.0.0:8000"]
