import { NextResponse, type NextRequest } from "next/server";
import { getToken } from "next-auth/jwt";

/** Pages are for people who signed in. The API checks every request again; this only spares them an empty page. */
export default async function proxy(request: NextRequest) {
  const token = await getToken({ req: request });
  if (token?.sessionToken) return NextResponse.next();
  const login = request.nextUrl.clone();
  login.pathname = "/login";
  login.search = "";
  const wanted = request.nextUrl.pathname + request.nextUrl.search;
  if (wanted !== "/") login.searchParams.set("next", wanted);
  return NextResponse.redirect(login);
}

export const config = { matcher: ["/((?!api/|_next/|login|icon|favicon).*)"] };
