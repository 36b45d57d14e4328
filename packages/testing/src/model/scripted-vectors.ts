import { malformedAnswer, type EmbedRequest, type RerankRequest } from '@belay/core/ports'
import { isRefusal } from './model-script.ts'
import { playAnswer, refusalError, type PlayOptions } from './scripted-answer.ts'
import { isEmbeddings, isRanking, type VectorScriptTurn } from './vector-script.ts'

/** Plays the answer to an `embed` as a correct adapter gives it. */
export async function playEmbeddings(turn: VectorScriptTurn, { values }: EmbedRequest, options: PlayOptions) {
  if (!isEmbeddings(turn)) throw await breakOff(turn, options)
  const { embeddings, usage = {} } = turn
  if (embeddings.length !== values.length) throw malformedAnswer('it has not one vector for each value')
  if (embeddings.some((vector) => vector.length !== embeddings[0]?.length))
    throw malformedAnswer('its vectors differ in length')
  return { embeddings, usage }
}

/** Plays the answer to a `rerank` as a correct adapter gives it. */
export async function playRanking(turn: VectorScriptTurn, request: RerankRequest, options: PlayOptions) {
  if (!isRanking(turn)) throw await breakOff(turn, options)
  const { ranking, usage = {} } = turn
  const positions = new Set(ranking.map(({ index }) => index))
  if (
    positions.size !== ranking.length ||
    ranking.some(({ index }) => request.documents[index] === undefined)
  )
    throw malformedAnswer('it names a document that is not there, or twice')
  return { ranking, usage }
}

/** What is left are refusals and connections that break; a stream of text is no answer here. */
async function breakOff(turn: VectorScriptTurn, options: PlayOptions): Promise<Error> {
  if (isEmbeddings(turn) || isRanking(turn)) return malformedAnswer('it answers another question')
  if (isRefusal(turn)) return refusalError(turn)
  for await (const part of playAnswer(turn, options)) if (part.type === 'finish') break
  return malformedAnswer('it is text')
}
