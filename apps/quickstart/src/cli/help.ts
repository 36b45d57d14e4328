import { defaultQuestion } from './default-job.ts'

/** What `--help` prints. */
export const help = `Research a folder of documents and write a report in which every claim cites file and line.

  node apps/quickstart/dist/main.js [folder] [question] [options]
  npm start -- [folder] [question] [options]

Without a folder: the documentation of this repository, and the question
  "${defaultQuestion}"

Options
  --run <id>     Name of the run. The same id again goes on where the run stopped, or prints its result.
  --out <dir>    Folder of report.md. Default: ./belay-report
  --db <file>    Database of the runs. Default: runs.db in the folder of the report
  --budget <b>   What a new run may spend, such as tokens=200000,usd=0.50,calls=40, or some of them
  --extend <b>   Adds to the budget of the run that --run names
  --prices <p>   US dollars per million tokens of the model, for usd: in=0.25,out=2,cached=0.025
  --ask-before-writing  Ask before the report is written: here on a terminal, else the run waits for an answer
  --approve, --deny  Answer what the run that --run names asks
  --otel         Export traces by OTLP over HTTP to OTEL_EXPORTER_OTLP_ENDPOINT, or http://localhost:4318
  --help, -h     This text

Environment
  OPENAI_API_KEY   Use OpenAI. Without it and without OPENAI_BASE_URL: the embedded offline model
  OPENAI_BASE_URL  Any server that speaks OpenAI's chat completions, such as Ollama, vLLM or LM Studio
  OPENAI_MODEL     Name of the model. Default with a key alone: gpt-5-mini; needed with a base URL
  OTEL_EXPORTER_OTLP_ENDPOINT  The same as --otel, and where to
  NO_COLOR         No colours

Exit codes
  0 done   1 failed, resumable with the same --run   2 wrong usage   3 out of budget   4 waits for an answer   130, 143 interrupted, resumable
`
