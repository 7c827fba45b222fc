# docker build -t monai-scse .
# docker run --rm --gpus all -v "$PWD:/data" monai-scse segment brain /data/T1.nii.gz -o /data/results
# Apptainer: apptainer build monai-scse.sif docker-daemon://monai-scse:latest
#            apptainer run --nv monai-scse.sif segment brain T1.nii.gz -o results
FROM python:3.11-slim AS wheel
WORKDIR /source
COPY . .
RUN pip wheel --no-deps --wheel-dir /wheels .

FROM python:3.11-slim
# for a CPU image: --build-arg PIP_OPTIONS="--index-url <PyTorch's index of CPU wheels> --extra-index-url <PyPI>"
ARG PIP_OPTIONS=""
COPY constraints.txt /tmp/
COPY --from=wheel /wheels /tmp/wheels
RUN pip install --no-cache-dir ${PIP_OPTIONS} -c /tmp/constraints.txt /tmp/wheels/*.whl && rm -r /tmp/wheels
RUN useradd --create-home monai_scse && mkdir /data && chown monai_scse /data
USER monai_scse
WORKDIR /data
ENV PYTHONUNBUFFERED=1 MPLCONFIGDIR=/tmp/matplotlib
ENTRYPOINT ["monai-scse"]
CMD ["--help"]
