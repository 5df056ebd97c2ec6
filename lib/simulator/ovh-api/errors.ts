/** An error as OVH's API answers it: `{class, message}` with an HTTP status. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly errorClass: string,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.name = "ApiError";
  }

  /** The body of the answer. */
  toJSON(): { class: string; message: string } {
    return { class: this.errorClass, message: this.message };
  }
}

export const badRequest = (message: string) => new ApiError(400, "Client::BadRequest", message);
export const unauthorized = (message: string) => new ApiError(401, "Client::Unauthorized", message);
export const forbidden = (message: string) => new ApiError(403, "Client::Forbidden", message);
export const notFound = (message: string) => new ApiError(404, "Client::NotFound", message);
export const conflict = (message: string) => new ApiError(409, "Client::Conflict", message);
